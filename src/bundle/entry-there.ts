import { statSync } from 'node:fs'
import { fromRelPath, isModuleUrl, type RelPath } from '../base/project-path.ts'
import type { BuildOptions } from './build-options.ts'

/** esbuild's message for an entry that is not there has no place, so they are sorted out first. */
export function foundAt(options: BuildOptions, entry: RelPath): 'a file' | 'a folder' | 'nothing' {
  // Whether there is such a module is for the plugin that serves it to say.
  if (isModuleUrl(entry)) return 'a file'
  const stat = statSync(fromRelPath(options.root, entry), { throwIfNoEntry: false })
  if (stat === undefined) return 'nothing'
  return stat.isDirectory() ? 'a folder' : 'a file'
}
