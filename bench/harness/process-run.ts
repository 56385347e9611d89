import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'

/** A program to start, as it would be typed. */
export interface Command {
  readonly argv: readonly [string, ...string[]]
  readonly cwd?: string
  /** Beside the harness' own environment; undefined removes a variable. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** One run of a fresh process. */
export interface ProcessRun {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  /** User and system time of the whole process tree. */
  readonly cpuMs: number
  /** From the start to the end of the first process; who outlives it is not waited for. */
  readonly wallMs: number
}

export interface SpawnedRun {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
  readonly wallMs: number
}

export const RUN_TIMEOUT_MS = 300_000

/**
 * Starts a command and collects what it prints.
 *
 * @param afterExit - deals with what outlives the process; such an orphan may hold the pipes open
 */
export async function runCommand(
  command: Command,
  afterExit: () => Promise<void> = async () => {},
): Promise<SpawnedRun> {
  const [program, ...args] = command.argv
  const started = performance.now()
  const child = spawn(program, args, {
    cwd: command.cwd,
    env: { ...process.env, ...command.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  })
  // `exit`, not `close`: an orphan that holds the pipes must not be counted as wall time.
  const ended = once(child, 'exit').then(([code]) => ({
    exitCode: typeof code === 'number' ? code : 128,
    wallMs: performance.now() - started,
  }))
  const [{ exitCode, wallMs }, , stdout, stderr] = await Promise.all([
    ended,
    ended.then(afterExit),
    text(child.stdout),
    text(child.stderr),
  ])
  return { exitCode, wallMs, stdout, stderr }
}
