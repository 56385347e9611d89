import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { toRelPath } from '../base/project-path.ts'
import { candidatesOf } from './candidates.ts'
import { nearestFile } from './missing.ts'
import type { Resolution } from './resolution.ts'
import type { PathMapping, Tsconfig } from './tsconfig.ts'

/** Says where `paths` of a tsconfig.json leads; the last word on whether anything is there. */
export function describeMapping(
  { pattern, candidates }: PathMapping,
  tsconfig: Tsconfig,
  root: string,
): string {
  const [file = root] = tsconfig.files
  const targets = candidates.map((path) => toRelPath(root, path)).join(' and ')
  return `${toRelPath(root, file)} maps "${pattern}" to ${targets}`
}

/**
 * Tells whether a mapping stands for files of the project, and not for the types of packages: a
 * catch-all tries every package's name, and one that leads to a declaration holds no code.
 */
export function isOfFiles({ pattern, candidates }: PathMapping): boolean {
  return pattern !== '*' && !candidates.some((path) => TYPES.some((end) => isTyped(path, end)))
}

/** The answer for a mapping that leads to no file. */
export function unmetMapping(
  specifier: string,
  mapping: PathMapping,
  tsconfig: Tsconfig,
  root: string,
): Extract<Resolution, { class: 'missing' }> {
  const suggestion = suggestionFor(specifier, mapping, tsconfig)
  return {
    class: 'missing',
    tried: mapping.candidates.flatMap((path) => candidatesOf(path, root)),
    reason: `${describeMapping(mapping, tsconfig, root)}, where there is no file`,
    pattern: mapping.pattern,
    ...(suggestion === undefined ? {} : { suggestion }),
  }
}

const TYPES = ['', '.d.ts', '.d.mts', '.d.cts', '/index.d.ts', '/package.json']

function isTyped(path: string, end: string): boolean {
  const isDeclaration = /(?:\.d\.[cm]?ts|\/package\.json)$/.test(path + end)
  return isDeclaration && existsSync(path + end)
}

/** A near file is one only if the mapping leads from what is suggested to it. */
function suggestionFor(
  specifier: string,
  { candidates }: PathMapping,
  tsconfig: Tsconfig,
): string | undefined {
  const head = specifier.slice(0, specifier.lastIndexOf('/') + 1)
  for (const path of candidates) {
    const name = nearestFile(path)
    if (name === undefined) continue
    const file = join(dirname(path), name)
    for (const written of [head + name, head + basename(name).replace(/\.[^.]*$/, '')]) {
      if (tsconfig.candidates(written).includes(file)) return written
    }
  }
  return undefined
}
