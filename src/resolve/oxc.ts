import { existsSync, statSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import type { NapiResolveOptions, ResolverFactory, ResolveResult } from 'oxc-resolver'
import { toRelPath } from '../base/project-path.ts'
import { nodeConditions, sourceConditions } from './conditions.ts'
import {
  BUNDLER_EXTENSIONS,
  GUESSED_EXTENSIONS,
  isTypeScript,
  OUTPUT_EXTENSIONS,
} from './extensions.ts'
import { readPackageJson, unreadableConfig } from './json-file.ts'
import type { ImportKind, ResolveOptions } from './resolution.ts'
import { folderOf, isInstalled, splitSuffix } from './specifier.ts'
import { readTsconfig, type Tsconfig } from './tsconfig.ts'

/** What one search came to. */
export type SearchResult =
  | { readonly found: 'file'; readonly file: string; readonly packageJson: string | undefined }
  | { readonly found: 'builtin'; readonly name: string }
  | { readonly found: 'nothing'; readonly reason: string }

/**
 * Searches files with oxc-resolver; nothing else knows it.
 *
 * Every combination of tsconfig.json, conditions and extension order is a resolver of its own.
 * Each remembers what it saw on disk, files that were missing included, until `clear()`; the
 * factories are dropped whole, because making one takes 50 µs and an emptied one would keep its
 * parsed tsconfig.json.
 */
export class OxcSearch {
  readonly #options: ResolveOptions
  readonly #factories = new Map<string, ResolverFactory>()
  readonly #tsconfigs = new Map<string, string | undefined>()
  readonly #parsed = new Map<string, Tsconfig>()

  constructor(options: ResolveOptions) {
    this.#options = options
  }

  /**
   * Finds a file the way the bundle does: tsconfig.json counts, extensions are guessed.
   *
   * An entry may also be a folder with `exports`, which an import of a folder may not.
   *
   * @throws SomonError SOMON_RESOLVE_UNREADABLE_CONFIG
   */
  source(specifier: string, importer: string, kind: ImportKind): SearchResult {
    const tsconfig = this.tsconfigOf(importer)
    const use = kind === 'entry' ? 'entry' : 'source'
    const result = this.#run(specifier, importer, { use, kind, tsconfig })
    if (result.found === 'nothing' && lacksBase(result.reason)) {
      return this.#run(specifier, importer, { use, kind, tsconfig: undefined })
    }
    if (result.found !== 'file' || !isTypeScript(result.file)) return result
    // esbuild prefers JavaScript inside node_modules (its release notes, 0.18.5), we follow.
    if (!isInstalled(this.#options.root, result.file)) return result
    return this.#run(specifier, importer, { use: 'installed', kind, tsconfig })
  }

  /** Finds a file the way Node does: exact names for `import`, no tsconfig.json. */
  node(specifier: string, importer: string, kind: ImportKind): SearchResult {
    return this.#run(specifier, importer, { use: 'node', kind, tsconfig: undefined })
  }

  /** Finds a file with the habits of esbuild that differ from ours; `rootDirs` is not among them. */
  bundler(specifier: string, importer: string, kind: ImportKind): SearchResult {
    const tsconfig = this.tsconfigOf(importer)
    return this.#run(specifier, importer, { use: 'bundler', kind, tsconfig })
  }

  /** Returns the tsconfig.json that decides for a file: the nearest; none inside node_modules. */
  tsconfigOf(importer: string): string | undefined {
    if (isInstalled(this.#options.root, importer)) return undefined
    return this.#options.tsconfig ?? this.#nearestTsconfig(folderOf(importer))
  }

  /** Returns the tsconfig.json that decides for a file, read. */
  mappingsOf(importer: string): Tsconfig | undefined {
    const file = this.tsconfigOf(importer)
    if (file === undefined) return undefined
    let parsed = this.#parsed.get(file)
    if (parsed === undefined) {
      parsed = readTsconfig(file)
      this.#parsed.set(file, parsed)
    }
    return parsed
  }

  /** Tells why the nearest tsconfig.json is left out, if it is: its base is not there. */
  missingBaseOf(importer: string): string | undefined {
    const tsconfig = this.tsconfigOf(importer)
    if (tsconfig === undefined) return undefined
    const result = this.#run('./', importer, { use: 'source', kind: 'import', tsconfig })
    return result.found === 'nothing' && lacksBase(result.reason) ? result.reason : undefined
  }

  clear(): void {
    this.#factories.clear()
    this.#tsconfigs.clear()
    this.#parsed.clear()
  }

  #run(specifier: string, importer: string, mode: SearchMode): SearchResult {
    const factory = this.#factory(mode)
    const result = factory.sync(folderOf(importer), specifier)
    if (result.builtin !== undefined) return { found: 'builtin', name: result.builtin.resolved }
    if (result.path !== undefined) {
      const file = withoutSuffix(result.path, specifier)
      return { found: 'file', file, packageJson: result.packageJsonPath }
    }
    return { found: 'nothing', reason: this.#reasonOf(result, mode.tsconfig) }
  }

  #factory(mode: SearchMode): ResolverFactory {
    const system = mode.kind === 'require' ? 'require' : 'import'
    const key = `${mode.use}\0${system}\0${mode.tsconfig ?? ''}`
    let factory = this.#factories.get(key)
    if (factory === undefined) {
      factory = new (loadFactory())(optionsOf(this.#options, mode))
      this.#factories.set(key, factory)
    }
    return factory
  }

  #nearestTsconfig(folder: string): string | undefined {
    const known = this.#tsconfigs.get(folder)
    if (known !== undefined || this.#tsconfigs.has(folder)) return known
    const file = join(folder, 'tsconfig.json')
    const parent = dirname(folder)
    const isThere = statSync(file, { throwIfNoEntry: false })?.isFile() === true
    const above =
      parent === folder ? undefined : (): string | undefined => this.#nearestTsconfig(parent)
    const nearest = isThere ? file : above?.()
    this.#tsconfigs.set(folder, nearest)
    return nearest
  }

  /** Separates "there is no such file" from "a file that decides cannot be read". */
  #reasonOf(result: ResolveResult, tsconfig: string | undefined): string {
    const text = result.error ?? 'no reason is known'
    const broken =
      /JSONError \{ path: ("(?:[^"\\]|\\.)*"), message: "(.*?)(?: at line \d+ column \d+)?", line: (\d+), column: (\d+) \}/s.exec(
        text,
      )
    if (broken !== null) {
      const [, path = '""', reason = '', line, column] = broken
      const at = { line: Number(line), column: Math.max(1, Number(column)) }
      const file = String(JSON.parse(path))
      // Ours places the fault of a strict JSON file more exactly.
      if (basename(file) === 'package.json') readPackageJson(file, this.#options.root)
      const fault = `it is not valid JSON (${reason.replaceAll('`', '"')})`
      throw unreadableConfig(file, this.#options.root, fault, at)
    }
    if (/^(?:Failed to load )?tsconfig/i.test(text) && !lacksBase(text)) {
      throw unreadableConfig(tsconfig ?? 'tsconfig.json', this.#options.root, text)
    }
    return reasonInWords(text, this.#options.root)
  }
}

/** How one search is made. */
interface SearchMode {
  readonly use: 'source' | 'entry' | 'installed' | 'bundler' | 'node'
  readonly kind: ImportKind
  readonly tsconfig: string | undefined
}

function optionsOf(options: ResolveOptions, mode: SearchMode): NapiResolveOptions {
  if (mode.use === 'node') {
    return {
      builtinModules: true,
      nodePath: false,
      conditionNames: nodeConditions(options, mode.kind),
      extensions: ['.js', '.json', '.node'],
      mainFields: ['main'],
      fullySpecified: mode.kind !== 'require',
    }
  }
  return {
    builtinModules: true,
    nodePath: false,
    conditionNames: sourceConditions(options, mode.kind),
    extensions: extensionsOf(mode),
    extensionAlias: Object.fromEntries(
      Object.entries(OUTPUT_EXTENSIONS).map(([name, list]) => [name, [...list]]),
    ),
    mainFields: ['main', 'module'],
    allowPackageExportsInDirectoryResolve: mode.use === 'entry',
    ...tsconfigOptions(mode),
  }
}

function extensionsOf(mode: SearchMode): string[] {
  if (mode.use === 'bundler') return [...BUNDLER_EXTENSIONS]
  if (mode.use !== 'installed') return [...GUESSED_EXTENSIONS]
  return GUESSED_EXTENSIONS.toSorted((a, b) => Number(isTypeScript(a)) - Number(isTypeScript(b)))
}

function tsconfigOptions(mode: SearchMode): Pick<NapiResolveOptions, 'tsconfig'> {
  if (mode.tsconfig === undefined) return {}
  if (mode.use === 'bundler') return { tsconfig: { configFile: mode.tsconfig } }
  return { tsconfig: { configFile: mode.tsconfig, references: 'auto' } }
}

/** The reason of a search in vain that says no more. */
export const NOTHING_INSTALLED = 'nothing of that name is installed'

/** Says in our own words, and with paths relative to the root, what oxc-resolver found wrong. */
function reasonInWords(text: string, root: string): string {
  if (text.startsWith('Cannot find module')) return NOTHING_INSTALLED
  const target =
    /^Invalid "(.+?)" target (".*") defined for '(.+)' in the package config (.+)$/s.exec(text)
  if (target !== null) {
    const [, field, value, path, config = ''] = target
    return `"${field}" of ${toRelPath(root, config)} leads "${path}" to ${value}; a target starts with "./" and stays in its package`
  }
  const config = /^Invalid package config "(.+?)", (.+?)\.?$/s.exec(text)
  if (config !== null) {
    const [, file = '', fault = ''] = config
    return `${toRelPath(root, file)} is not valid: ${fault}`
  }
  const unexported =
    /^"(.+)" is not exported under the conditions \[(.*)\] from package (.+) \(see exports/s.exec(
      text,
    )
  if (unexported === null) return text
  const [, path, conditions = '', folder = ''] = unexported
  const file = toRelPath(root, join(folder, 'package.json'))
  return `"${path}" is not exported by ${file} under ${conditions.replaceAll('"', '')}`
}

/** A tsconfig.json whose `extends` names nothing is a warning for esbuild, so it is for us. */
function lacksBase(reason: string): boolean {
  return reason.startsWith('Tsconfig not found')
}

/** `./a.svg?raw` finds `a.svg` and keeps `?raw`; a file may also have `#` in its name. */
function withoutSuffix(file: string, specifier: string): string {
  const [, suffix] = splitSuffix(specifier)
  if (suffix === '' || !file.endsWith(suffix) || existsSync(file)) return file
  return file.slice(0, -suffix.length)
}

/**
 * Loads the addon at the first search: it costs a start about 10 ms, and one from a valid cache
 * needs no search. Node keeps what `require` returned.
 */
function loadFactory(): typeof ResolverFactory {
  const load = createRequire(import.meta.url) as (name: 'oxc-resolver') => {
    readonly ResolverFactory: typeof ResolverFactory
  }
  return load('oxc-resolver').ResolverFactory
}
