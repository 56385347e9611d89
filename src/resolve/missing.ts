import { readdirSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { basename, dirname } from 'node:path'
import { nearest } from '../base/nearest.ts'
import { candidatesOf } from './candidates.ts'
import { isTypeScript, OUTPUT_EXTENSIONS } from './extensions.ts'
import { FOLDER } from './no-file.ts'
import type { ImportKind, Resolution } from './resolution.ts'
import { folderOf, packageNameOf, specifierForm } from './specifier.ts'

/**
 * Makes the answer for a specifier that leads nowhere: what was looked at, and what was probably
 * meant.
 *
 * @param packageNames - what can be imported by name, for suggestions
 */
export function missing(
  request: { readonly specifier: string; readonly importer: string; readonly kind: ImportKind },
  reason: string,
  packageNames: () => Iterable<string>,
): Resolution {
  const { specifier, kind } = request
  if (reason === FOLDER) return answer(candidatesOf(specifier, folderOf(request.importer)), reason)
  const folder = folderOf(request.importer)
  const asPackage = candidatesOf(specifier, folder)
  const named = (): string | undefined => suggest(specifier, asPackage[0], packageNames)
  if (kind !== 'entry' || specifierForm(specifier) !== 'bare') {
    return answer(asPackage, reason, named())
  }
  // What a person writes is a path first: `src/main.ts`.
  const asPath = candidatesOf(`./${specifier}`, folder)
  const path = suggest(`./${specifier}`, asPath[0], packageNames)
  return answer([...asPath, ...asPackage], reason, path?.slice('./'.length) ?? named())
}

function answer(tried: readonly string[], reason: string, suggestion?: string): Resolution {
  return { class: 'missing', tried, reason, ...(suggestion === undefined ? {} : { suggestion }) }
}

function suggest(
  specifier: string,
  target: string | undefined,
  packageNames: () => Iterable<string>,
): string | undefined {
  const form = specifierForm(specifier)
  if (form === 'builtin') {
    const wanted = specifier.replace(/^node:/, '')
    const names = builtinModules.map((name) => name.replace(/^node:/, ''))
    const name = nearest(
      wanted,
      names.filter((other) => other !== wanted),
    )
    return names.includes(wanted) || name === undefined ? undefined : `node:${name}`
  }
  if (form === 'bare') {
    const name = packageNameOf(specifier) ?? specifier
    const known = nearest(
      name,
      [...packageNames()].filter((other) => other !== name),
    )
    return known === undefined ? undefined : known + specifier.slice(name.length)
  }
  if ((form !== 'relative' && form !== 'absolute') || target === undefined) return undefined
  const name = nearestFile(target)
  return name === undefined ? undefined : specifier.slice(0, lastSlash(specifier) + 1) + name
}

/**
 * Compares whole names, and names without extension, because imports leave them out. The name
 * itself, of a folder or of a link to nothing, is no help.
 */
export function nearestFile(target: string): string | undefined {
  const wanted = basename(target)
  const names = namesIn(dirname(target)).filter((name) => name !== wanted)
  const whole = nearest(wanted, names)
  if (whole !== undefined) return whole
  const stems = new Map(names.filter(isImportable).map((name) => [stemOf(name), name]))
  const stem = nearest(stemOf(wanted), stems.keys())
  return stem === undefined ? undefined : stems.get(stem)
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    // The folder itself is missing: nothing near is known.
    return []
  }
}

function isImportable(name: string): boolean {
  return isTypeScript(name) || Object.keys(OUTPUT_EXTENSIONS).some((end) => name.endsWith(end))
}

function stemOf(name: string): string {
  return name.replace(/\.[^.]*$/, '')
}

function lastSlash(specifier: string): number {
  return Math.max(specifier.lastIndexOf('/'), specifier.lastIndexOf('\\'))
}
