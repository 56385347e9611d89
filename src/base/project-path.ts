import type { PlatformPath } from 'node:path'
import nodePath from 'node:path'

/** A path relative to the project root with `/` between segments; may start with `../`. */
export type RelPath = string

/**
 * Writes a path relative to the project root, with `/` on every platform.
 *
 * A path on another Windows drive or share has no relative form and is returned whole, with `/`.
 *
 * @param path - the platform's path module; tests pass `path.win32`
 */
export function toRelPath(root: string, file: string, path: PlatformPath = nodePath): RelPath {
  const relative = path.relative(root, file)
  return path.sep === '/' ? relative : relative.replaceAll(path.sep, '/')
}

/** Turns a path relative to the project root back into an absolute one of this platform. */
export function fromRelPath(
  root: string,
  relative: RelPath,
  path: PlatformPath = nodePath,
): string {
  return path.resolve(root, relative)
}

/** Tells whether a file lies in a folder or below it. */
export function isInside(folder: string, file: string, path: PlatformPath = nodePath): boolean {
  const relative = path.relative(folder, file)
  if (relative === '') return true
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)
}
