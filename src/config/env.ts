import { existsSync, readFileSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import type { Machine } from './setting-row.ts'

/** Everything that settings take from outside; the only thing that reads the process. */
export interface Environment extends Machine {
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Reads the file that a variable such as `SOMON_CACHE_SECRET_FILE` names. */
  readonly readSecret: (file: string) => string
}

/** A `.env` file; it is never copied into `process.env`, which components would inherit. */
export interface DotEnv {
  /** As messages name it. */
  readonly file: string
  readonly variables: Readonly<Record<string, string | undefined>>
}

/** Takes what settings need from the process: variables and folder are copied. */
export function readEnvironment(): Environment {
  const cwd = process.cwd()
  return {
    variables: { ...process.env },
    cwd,
    cores: availableParallelism(),
    findRoot: () => findProjectRoot(cwd),
    readSecret,
  }
}

/** Reads one variable as it is now: builds record those that plugins name. */
export function environmentValue(name: string): string | undefined {
  return process.env[name]
}

/** The environment itself, for children that inherit it. */
export function processEnvironment(): NodeJS.ProcessEnv {
  return process.env
}

/** Returns the nearest folder upward that holds a package.json, else the folder itself. */
export function findProjectRoot(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, 'package.json'))) return at
    if (at === dirname(at)) return folder
  }
}

/** Reads a `.env` file; undefined when there is none. */
export function readDotEnv(file: string): DotEnv | undefined {
  if (!existsSync(file)) return undefined
  // Reached this way because importing node:util costs a start 4 ms (docs/notes/node.md).
  const { parseEnv } = process.getBuiltinModule('node:util')
  return { file, variables: parseEnv(readFileSync(file, 'utf8')) }
}

const SECRET_MAX_BYTES = 64 * 1024

/** One newline at the end is what editors and `echo` add. */
function readSecret(file: string): string {
  const { size } = statSync(file)
  if (size > SECRET_MAX_BYTES) throw new Error(`it has ${size} bytes; at most 64 KiB are read`)
  return readFileSync(file, 'utf8').replace(/\r?\n$/, '')
}
