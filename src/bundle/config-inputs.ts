import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { Tsconfig } from '../resolve/tsconfig.ts'
import { readTsconfig } from '../resolve/tsconfig.ts'

/** Configuration that decides how the files of a folder are built; paths absolute. */
export interface FolderConfig {
  readonly files: readonly string[]
  /** Where configuration was looked for in vain. */
  readonly absent: readonly string[]
  readonly tsconfig: Tsconfig | undefined
}

/**
 * Finds the configuration of folders: every package.json up to the package's root, the nearest
 * tsconfig.json with what it extends, and Yarn's `.pnp.cjs`. esbuild reads them all and lists none
 * in its metafile.
 *
 * It remembers answers, so one belongs to one build.
 */
export class ConfigInputs {
  readonly #root: string
  readonly #tsconfig: string | undefined
  readonly #folders = new Map<string, FolderConfig>()
  readonly #tsconfigs = new Map<string, Tsconfig>()
  readonly #exists = new Map<string, boolean>()

  /** @param tsconfig - the one that is used for every file, absolute */
  constructor(root: string, tsconfig: string | undefined) {
    this.#root = root
    this.#tsconfig = tsconfig
  }

  /** @param folder - absolute, links followed */
  of(folder: string): FolderConfig {
    let found = this.#folders.get(folder)
    if (found === undefined) {
      const files: string[] = []
      const absent: string[] = []
      this.#addPackages(folder, files, absent)
      this.#addPnp(files, absent)
      const tsconfig = this.#addTsconfig(folder, files, absent)
      found = { files, absent, tsconfig }
      this.#folders.set(folder, found)
    }
    return found
  }

  #addPackages(folder: string, files: string[], absent: string[]): void {
    for (const ancestor of ancestors(folder)) {
      if (basename(ancestor) === 'node_modules') return
      this.#add(join(ancestor, 'package.json'), files, absent)
      if (ancestor === this.#root || isPackageFolder(ancestor)) return
    }
  }

  /** esbuild ignores the tsconfig.json of packages: they are compiled already. */
  #addTsconfig(folder: string, files: string[], absent: string[]): Tsconfig | undefined {
    if (/[\\/]node_modules[\\/]/.test(`${folder}/`)) return undefined
    if (this.#tsconfig !== undefined) return this.#readTsconfig(this.#tsconfig, files, absent)
    for (const ancestor of ancestors(folder)) {
      for (const name of ['tsconfig.json', 'jsconfig.json']) {
        const file = join(ancestor, name)
        if (this.#has(file)) return this.#readTsconfig(file, files, absent)
        absent.push(file)
      }
    }
    return undefined
  }

  #readTsconfig(file: string, files: string[], absent: string[]): Tsconfig {
    let tsconfig = this.#tsconfigs.get(file)
    if (tsconfig === undefined) {
      tsconfig = readTsconfig(file)
      this.#tsconfigs.set(file, tsconfig)
    }
    files.push(...tsconfig.files)
    absent.push(...tsconfig.missed)
    return tsconfig
  }

  #addPnp(files: string[], absent: string[]): void {
    for (const ancestor of ancestors(this.#root)) {
      const file = join(ancestor, '.pnp.cjs')
      if (this.#has(file)) {
        files.push(file)
        return
      }
    }
    absent.push(join(this.#root, '.pnp.cjs'))
  }

  #add(file: string, files: string[], absent: string[]): void {
    if (this.#has(file)) files.push(file)
    else absent.push(file)
  }

  #has(file: string): boolean {
    let exists = this.#exists.get(file)
    if (exists === undefined) {
      exists = existsSync(file)
      this.#exists.set(file, exists)
    }
    return exists
  }
}

/** A folder and the folders above it, up to the file system's root. */
export function* ancestors(folder: string): Generator<string> {
  for (let at = folder; ; at = dirname(at)) {
    yield at
    if (dirname(at) === at) return
  }
}

/** `node_modules/name` or `node_modules/@scope/name`. */
function isPackageFolder(folder: string): boolean {
  const parent = dirname(folder)
  if (basename(parent) === 'node_modules') return !basename(folder).startsWith('@')
  return basename(dirname(parent)) === 'node_modules' && basename(parent).startsWith('@')
}
