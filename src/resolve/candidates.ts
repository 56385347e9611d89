import type { PlatformPath } from 'node:path'
import nodePath from 'node:path'
import { GUESSED_EXTENSIONS, OUTPUT_EXTENSIONS } from './extensions.ts'
import { packageNameOf, specifierForm, splitSuffix } from './specifier.ts'

/**
 * Lists the paths a specifier can lead to, in the order in which they are looked at.
 *
 * For a package these are the folders that may hold it, from the importer's upwards; what its
 * package.json says is not followed. Nothing is read: a build adds those that do not exist to
 * what it watches.
 *
 * @param folder - absolute path of the importing file's folder
 * @param path - the platform's path module; tests pass `path.win32`
 */
export function candidatesOf(
  specifier: string,
  folder: string,
  path: PlatformPath = nodePath,
): readonly string[] {
  const form = specifierForm(specifier, path)
  if (form === 'relative' || form === 'absolute') {
    return [...fileCandidates(path.resolve(folder, splitSuffix(specifier)[0]), path)]
  }
  const name = form === 'bare' ? packageNameOf(specifier) : undefined
  return name === undefined ? [] : packageFolders(name, folder, path)
}

/** The same for an absolute path without a suffix, one at a time: most are found early. */
export function* fileCandidates(
  target: string,
  path: PlatformPath = nodePath,
): Generator<string, void> {
  yield target
  const extension = path.extname(target)
  const stem = target.slice(0, target.length - extension.length)
  for (const other of OUTPUT_EXTENSIONS[extension] ?? []) {
    if (other !== extension) yield stem + other
  }
  for (const other of GUESSED_EXTENSIONS) yield target + other
  yield path.join(target, 'package.json')
  for (const other of GUESSED_EXTENSIONS) yield path.join(target, `index${other}`)
}

function packageFolders(name: string, folder: string, path: PlatformPath): string[] {
  const folders: string[] = []
  for (let at = folder; ; at = path.dirname(at)) {
    // Node does not look into node_modules/node_modules.
    if (path.basename(at) !== 'node_modules') {
      folders.push(path.join(at, 'node_modules', ...name.split('/')))
    }
    if (path.dirname(at) === at) return folders
  }
}
