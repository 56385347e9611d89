import { existsSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { CliHost } from './host.ts'
import type { Flags } from './parse-arguments.ts'

/** Where a command works. */
export interface Project {
  /** Absolute. */
  readonly root: string
  /** True when something beside the defaults may apply: a configuration file or a variable. */
  readonly configured: boolean
}

/** Finds the project of a command; looks at names only and reads nothing. */
export function findProject(host: CliHost, flags: Flags): Project {
  const named = flags.text('root')
  const root = named === undefined ? nearestRoot(host.cwd) : resolve(host.cwd, named)
  const configured =
    flags.has('config') ||
    CONFIG_FILES.some((name) => existsSync(join(root, name))) ||
    Object.keys(host.env).some((name) => name.startsWith('SOMON_') && !IGNORED.test(name))
  return { root, configured }
}

/** The names under which the configuration of a project may lie (`config/`). */
export const CONFIG_FILES: readonly string[] = [
  'somon.config.ts',
  'somon.config.mts',
  'somon.config.js',
  'somon.config.mjs',
  'somon.config.json',
  'somon.toml',
  'somon.yaml',
  '.env',
]

const IGNORED = /^SOMON_TEST_/

/** The nearest folder upward with a package.json, else the working folder. */
function nearestRoot(cwd: string): string {
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
    if (folder === dirname(folder)) return cwd
  }
}
