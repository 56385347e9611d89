import type { PlatformPath } from 'node:path'
import nodePath from 'node:path'

/**
 * A path relative to the project root with `/` between segments; may start with `../`.
 *
 * A module that is no file stands here under its own name: see `isModuleUrl`.
 */
export type RelPath = string

/**
 * Tells whether a name is that of a module which is no file: `https://host/a.ts`, `virtual:routes`.
 *
 * Such a name is its own relative and absolute path. No relative path looks like it, save that of a
 * file whose name starts with `virtual:`.
 */
export function isModuleUrl(name: string): boolean {
  return /^(?!file:)(?:[a-z][a-z\d+.-]+:\/\/|virtual:)/i.test(name)
}

/**
 * Writes a path relative to the project root, with `/` on every platform.
 *
 * A path on another Windows drive or share has no relative form and is returned whole, with `/`.
 *
 * @param path - the platform's path module; tests pass `path.win32`
 */
export function toRelPath(root: string, file: string, path: PlatformPath = nodePath): RelPath {
  const tail = tailOf(root, file, path)
  if (tail !== undefined) return tail
  if (isModuleUrl(file)) return file
  const relative = path.relative(root, file)
  return path.sep === '/' ? relative : relative.replaceAll(path.sep, '/')
}

/** Turns a path relative to the project root back into an absolute one of this platform. */
export function fromRelPath(
  root: string,
  relative: RelPath,
  path: PlatformPath = nodePath,
): string {
  if (isModuleUrl(relative)) return relative
  const isPlain =
    path.sep === '/' && root.startsWith('/') && !root.endsWith('/') && !UNSETTLED.test(relative)
  return isPlain ? `${root}/${relative}` : path.resolve(root, relative)
}

/**
 * Returns the place that specifiers of a module are looked up from: its file, or the folder of the
 * project for a module that is none.
 */
export function importerPath(
  root: string,
  relative: RelPath,
  path: PlatformPath = nodePath,
): string {
  return isModuleUrl(relative) ? root + path.sep : path.resolve(root, relative)
}

/** Tells whether a file lies in a folder or below it. */
export function isInside(folder: string, file: string, path: PlatformPath = nodePath): boolean {
  if (tailOf(folder, file, path) !== undefined) return true
  const relative = path.relative(folder, file)
  if (relative === '') return true
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative)
}

/** What follows a folder in a path below it, where the path is plain: most are, and this is quick. */
function tailOf(folder: string, file: string, path: PlatformPath): string | undefined {
  if (path.sep !== '/' || folder === '' || file[folder.length] !== '/') return undefined
  if (!file.startsWith(folder)) return undefined
  const tail = file.slice(folder.length + 1)
  return UNSETTLED.test(tail) ? undefined : tail
}

/** A relative path with segments that `path.normalize` would take out, or none that is relative. */
const UNSETTLED = /(?:^|\/)\.{0,2}(?:\/|$)/
