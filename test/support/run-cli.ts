import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** What a child process running somon's sources left behind. */
export interface CliRun {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
  /** `stdout` read as JSON; throws when it is not exactly one document. */
  json(): CliDocument
}

/** What `--json` prints. */
export interface CliDocument {
  readonly ok: boolean
  readonly command: string
  readonly result?: unknown
  readonly error?: { readonly code: string; readonly message: string; readonly fix: string }
}

export interface CliOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly nodeFlags?: readonly string[]
  /** Called as output arrives, with everything so far. */
  readonly onOutput?: (text: string, kill: (signal: NodeJS.Signals) => void) => void
}

/** Runs the command line of somon from its sources in a child process, pipes as its output. */
export async function runCli(argv: readonly string[], options: CliOptions): Promise<CliRun> {
  const flags = ['--conditions=somon-source', ...(options.nodeFlags ?? [])]
  const child = spawn(process.execPath, [...flags, ENTRY, ...argv], {
    cwd: options.cwd,
    env: { ...PLAIN_ENV, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A command that should have ended must not outlive the test that waits for it.
    ...{ timeout: 120_000, killSignal: 'SIGKILL' as const },
  })
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (chunk: string) => {
      texts[name] += chunk
      options.onOutput?.(texts.stdout + texts.stderr, (signal) => child.kill(signal))
    })
  }
  const { promise, resolve, reject } = Promise.withResolvers<CliRun>()
  child.on('error', reject)
  child.on('close', (code, signal) => {
    resolve({ code, signal, ...texts, json: () => JSON.parse(texts.stdout) })
  })
  return promise
}

const ENTRY = join(import.meta.dirname, 'cli-entry.ts')

/** The environment without what would steer colour, and without the test runner's own flags. */
const PLAIN_ENV = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^(NO_COLOR|FORCE_COLOR|NODE_OPTIONS|SOMON_|VITEST|CI$)/.test(name),
  ),
)
