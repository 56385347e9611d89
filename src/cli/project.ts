import { existsSync, statSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { rootMissing } from '../system/errors.ts'
import type { CliHost } from './host.ts'
import type { Flags } from './parse-arguments.ts'

/** Where a command works. */
export interface Project {
  /** Absolute. */
  readonly root: string
  /** True when something beside the defaults may apply: a configuration file or a variable. */
  readonly configured: boolean
}

/**
 * Finds the project of a command; looks at names only and reads nothing.
 *
 * @throws SomonError SOMON_SYSTEM_ROOT_MISSING when `--root` names no folder
 */
export function findProject(host: CliHost, flags: Flags): Project {
  const named = flags.text('root')
  const root = named === undefined ? nearestRoot(host.cwd) : resolve(host.cwd, named)
  if (named !== undefined && !isFolder(root)) throw rootMissing({ root: named })
  const configured =
    flags.has('config') ||
    CONFIG_FILES.some((name) => existsSync(`${root}/${name}`)) ||
    Object.keys(host.env).some((name) => isSetting(name, host.env[name]))
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

/** A folder for the cache changes nothing else, so it takes no configuration to honour it. */
function isSetting(name: string, value: string | undefined): boolean {
  if (!name.startsWith('SOMON_') || name.startsWith('SOMON_TEST_')) return false
  return name !== CACHE_DIR_VARIABLE || value === undefined || !isAbsolute(value)
}

/** Where the disk cache lies (`cache.disk.dir`). */
export const CACHE_DIR_VARIABLE = 'SOMON_CACHE_DIR'

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    // Not there, or not to be reached: either way nothing can be done in it.
    return false
  }
}

/** The nearest folder upward with a package.json, else the working folder. */
function nearestRoot(cwd: string): string {
  for (let folder = cwd; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder
    if (folder === dirname(folder)) return cwd
  }
}
