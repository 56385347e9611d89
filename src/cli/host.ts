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
  }
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
