import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isInside } from '../base/project-path.ts'
import { candidatesOf, fileCandidates } from '../resolve/candidates.ts'
import { ancestors } from './config-inputs.ts'
import { splitSuffix } from '../resolve/specifier.ts'
import type { Tsconfig } from '../resolve/tsconfig.ts'

/** One import as it was resolved; paths absolute. */
export interface ResolvedImport {
  readonly importer: string
  readonly specifier: string
  /** Where it led; undefined when it was not found. */
  readonly file: string | undefined
  readonly tsconfig: Tsconfig | undefined
}

/**
 * Works out what a resolution depended on beside the file it found: the paths that were probed
 * before it and were not there, and the links on the way.
 *
 * esbuild tells neither. What it would have preferred follows from its rules (0.28, `resolver.go`):
 * the path as written, then with each extension, `.js` as `.ts`, then the folder; packages from
 * the importer's folder upwards.
 */
export class Probes {
  readonly #root: string
  readonly absent: Set<string> = new Set()
  /** Targets as `readlink` returns them. */
  readonly symlinks: Map<string, string> = new Map()
  readonly #kinds = new Map<string, 'absent' | 'link' | 'there'>()
  /** Many files import the same one: what was found out of a path and the file it led to. */
  readonly #paths = new Map<string, boolean>()

  constructor(root: string) {
    this.#root = root
  }

  add(found: ResolvedImport): void {
    const { importer, specifier, file, tsconfig } = found
    if (isPath(specifier)) {
      this.#addPath(resolve(dirname(importer), specifier), file)
      return
    }
    for (const candidate of tsconfig?.candidates(specifier) ?? []) {
      if (this.#addPath(candidate, file)) return
    }
    this.#addPackage(candidatesOf(specifier, dirname(importer)))
  }

  /** The same for a package that stays an import: only where a mapping looked in vain. */
  addMapping(specifier: string, tsconfig: Tsconfig | undefined): void {
    for (const candidate of tsconfig?.candidates(specifier) ?? []) {
      this.#addPath(candidate, undefined)
    }
  }

  /** Returns whether the path is the one that led to the file. */
  #addPath(path: string, file: string | undefined): boolean {
    if (path === file) return true
    const key = `${path}\0${file ?? ''}`
    let leads = this.#paths.get(key)
    if (leads === undefined) {
      leads = this.#follow(path, file)
      this.#paths.set(key, leads)
    }
    return leads
  }

  #follow(path: string, file: string | undefined): boolean {
    for (const candidate of fileCandidates(splitSuffix(path)[0])) {
      if (candidate === file) return true
      if (!existsSync(candidate)) this.absent.add(candidate)
      else if (file !== undefined && this.#leadsTo(candidate, file)) return true
    }
    if (file === undefined) return false
    if (existsSync(path)) this.#addLinks(path)
    return isInside(path, file)
  }

  /** A candidate that exists and is not the file leads there through links, or is a folder. */
  #leadsTo(candidate: string, file: string): boolean {
    if (realpathSync(candidate) !== file) return false
    this.#addLinks(candidate)
    return true
  }

  /** @param folders - where the package may be, nearest first */
  #addPackage(folders: readonly string[]): void {
    for (const folder of folders) {
      if (this.#kindOf(folder) !== 'absent') {
        this.#addLinks(folder)
        return
      }
      this.absent.add(folder)
    }
  }

  /** Records the links among a path and the folders above it, up to the root. */
  #addLinks(path: string): void {
    for (const at of ancestors(path)) {
      if (at === this.#root || !isInside(this.#root, at)) return
      if (this.#kindOf(at) === 'link') this.symlinks.set(at, readlinkSync(at))
    }
  }

  #kindOf(path: string): 'absent' | 'link' | 'there' {
    let kind = this.#kinds.get(path)
    if (kind === undefined) {
      const stat = lstatSync(path, { throwIfNoEntry: false })
      kind = stat === undefined ? 'absent' : stat.isSymbolicLink() ? 'link' : 'there'
      this.#kinds.set(path, kind)
    }
    return kind
  }
}

/** Tells whether a specifier is a path, not the name of a package. */
export function isPath(specifier: string): boolean {
  return /^(?:\.{1,2}(?:[\\/]|$)|[\\/]|[A-Za-z]:[\\/])/.test(specifier)
}
