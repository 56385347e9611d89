import { existsSync } from 'node:fs'
import type { PlatformPath } from 'node:path'
import nodePath from 'node:path'
import { digest } from '../base/digest.ts'

/** What decides where the disk cache of a project lies. */
export interface CacheLocation {
  /** Absolute path of the project root. */
  readonly root: string
  /** The setting `cache.disk.dir` (`SOMON_CACHE_DIR`), relative to the root. */
  readonly configured: string | undefined
  /** `XDG_CACHE_HOME`; ignored unless absolute, as its specification asks. */
  readonly xdgCacheHome: string | undefined
  /** The user's home folder. */
  readonly home: string
}

/**
 * Returns the cache directory: the configured one, else `<root>/node_modules/.cache/somon` when
 * the project has a node_modules, else one per project in the user's cache folder.
 *
 * Never a temporary folder shared by users: its content is executed.
 *
 * @param exists - asks the disk; tests pass their own together with `path.win32`
 */
export function cacheDir(
  location: CacheLocation,
  path: PlatformPath = nodePath,
  exists: (file: string) => boolean = existsSync,
): string {
  const { root, configured, xdgCacheHome, home } = location
  if (configured !== undefined) return path.resolve(root, configured)
  const modules = path.join(root, 'node_modules')
  if (exists(modules)) return path.join(modules, '.cache', 'somon')
  const usable = xdgCacheHome !== undefined && path.isAbsolute(xdgCacheHome)
  const base = usable ? xdgCacheHome : path.join(home, '.cache')
  return path.join(base, 'somon', digest(root).slice(0, 32))
}
