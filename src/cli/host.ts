import { processEnvironment } from '../config/env.ts'
import type { TextStream } from './output.ts'

/** The process as the commands see it; tests pass their own. */
export interface CliHost {
  /** Absolute. */
  readonly cwd: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly out: TextStream
  readonly err: TextStream
  /** Sets the status the process ends with, once everything is written. */
  exit(code: number): void
  /** Ends the process once what was said is written, whatever a program has left running. */
  end(code: number): Promise<void>
}

/** The real process. */
export function processHost(): CliHost {
  return {
    cwd: process.cwd(),
    env: processEnvironment(),
    out: process.stdout,
    err: process.stderr,
    exit(code) {
      process.exitCode = code
    },
    end: endProcess,
  }
}

/** Ends this process with a status, after its output has been taken. */
export async function endProcess(code: number): Promise<void> {
  process.exitCode = code
  await Promise.all([process.stdout, process.stderr].map(written))
  process.exit()
}

function written(stream: NodeJS.WriteStream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  // A reader that has gone away fails the write: nothing is left to wait for either.
  stream.write('', () => resolve())
  return promise
}

/** How commands end (operations.md, exit codes). */
export const EXIT = {
  done: 0,
  /** Findings, or the thing asked for failed. */
  failed: 1,
  usage: 2,
  internal: 70,
  interrupted: 130,
  terminated: 143,
} as const
