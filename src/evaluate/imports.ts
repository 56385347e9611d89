import { createRequire } from 'node:module'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { codeOf, messageOf } from '../base/error.ts'
import type { Guard } from '../base/guard.ts'
import { importerPath, isModuleUrl, type RelPath } from '../base/project-path.ts'
import type { ArtifactDependency, ImportAttributes } from '../bundle/artifact.ts'
import type { ImportKind, Resolution } from '../resolve/resolution.ts'
import {
  importFailed,
  importIsTypeScript,
  importRefused,
  importStuck,
  syncExternal,
} from './errors.ts'
import type { Namespace } from './generation.ts'
import { settleError } from './settle-error.ts'

/** Answers what a specifier names, seen from a file; paths absolute. */
export type ResolveImport = (specifier: string, importer: string, kind: ImportKind) => Resolution

/** What importing builtins and externals needs of the other stages. */
export interface ImportsParts {
  readonly root: string
  readonly resolve: ResolveImport
  readonly guard: Guard
  /**
   * The name under which an external is guarded, such as `module:lodash@4.17.21`; undefined for
   * one that is not.
   */
  readonly guardName: (external: Resolution & { readonly class: 'external' }) => string | undefined
  /** Loads a source that a run-time `import()` names, as a module of its own. */
  readonly importSource: (request: SourceImport) => Promise<Namespace>
}

/** A run-time `import()` of a file that is no part of the artifact. */
export interface SourceImport {
  /** Absolute path, or the URL of a module that is no file. */
  readonly file: string
  readonly importer: RelPath
  readonly attributes: ImportAttributes
}

/** One import as an error message names it. */
interface ImportSite {
  readonly specifier: string
  readonly importer: RelPath
}

/** Where Node finds a namespace: a builtin's name or a file URL, with its attributes. */
interface Target {
  readonly url: string
  readonly attributes: ImportAttributes
  readonly packageName: string
  readonly guardName: string | undefined
}

/**
 * Imports builtins and externals by Node, once for a system.
 *
 * Invariants: `#namespaces` holds what was imported, `#flights` what is being imported; failures
 * are in neither. Node remembers the failed evaluation of a URL for ever, so after a failure the
 * next attempt asks under a fresh one (`?somon=n`), `MAX_ATTEMPTS` times at most because each
 * leaves a record behind.
 */
export class Imports {
  readonly #parts: ImportsParts
  readonly #namespaces = new Map<string, Namespace>()
  readonly #flights = new Map<string, Promise<Namespace>>()
  readonly #failures = new Map<string, Failure>()

  constructor(parts: ImportsParts) {
    this.#parts = parts
  }

  /** How many namespaces are held. */
  get size(): number {
    return this.#namespaces.size
  }

  /**
   * Imports one dependency of an artifact.
   *
   * @throws SomonError SOMON_EVALUATE_IMPORT_FAILED, _IMPORT_TYPESCRIPT, _IMPORT_STUCK, and what
   *   the guard refuses with
   */
  dependency(dep: ArtifactDependency): Namespace | Promise<Namespace> {
    const site = siteOf(dep)
    const target = this.#target(site, dep.attributes ?? {}, 'import')
    return this.#namespaces.get(keyOf(target)) ?? this.#import(target, site)
  }

  /** @throws SomonError SOMON_EVALUATE_SYNC_EXTERNAL when it has a top-level await */
  dependencySync(dep: ArtifactDependency): Namespace {
    const site = siteOf(dep)
    const target = this.#target(site, dep.attributes ?? {}, 'import')
    const known = this.#namespaces.get(keyOf(target))
    if (known !== undefined) return known
    try {
      const namespace = requireNamespace(target.url)
      this.#namespaces.set(keyOf(target), namespace)
      return namespace
    } catch (error) {
      settleError(error)
      if (codeOf(error) !== 'ERR_REQUIRE_ASYNC_MODULE') throw this.#failed(error, target, site)
      throw syncExternal({ module: site.importer, ...site }, { cause: error })
    }
  }

  /** A run-time `import(specifier, options)` that stands in the source `importer`. */
  async dynamic(specifier: unknown, options: unknown, importer: RelPath): Promise<Namespace> {
    const attributes = attributesOf(options)
    const site = { specifier: String(specifier), importer }
    const url = urlOf(site)
    if (url !== undefined) return this.#parts.importSource({ file: url, importer, attributes })
    const resolution = this.#resolve(site, 'dynamic-import')
    if (resolution.class === 'source') {
      return this.#parts.importSource({ file: resolution.file, importer, attributes })
    }
    const target = this.#targetOf(resolution, site, attributes)
    return this.#namespaces.get(keyOf(target)) ?? this.#import(target, site)
  }

  /** `import.meta.resolve(specifier)` of the source `importer`. */
  resolveUrl(specifier: string, importer: RelPath): string {
    const site = { specifier, importer }
    const url = urlOf(site)
    if (url !== undefined) return url
    const resolution = this.#resolve(site, 'import')
    if (resolution.class === 'source') return pathToFileURL(resolution.file).href
    return this.#targetOf(resolution, site, {}).url
  }

  #resolve(site: ImportSite, kind: ImportKind): Resolution {
    const specifier = site.specifier.startsWith('file:')
      ? fileURLToPath(site.specifier)
      : site.specifier
    return this.#parts.resolve(specifier, importerPath(this.#parts.root, site.importer), kind)
  }

  #target(site: ImportSite, attributes: ImportAttributes, kind: ImportKind): Target {
    return this.#targetOf(this.#resolve(site, kind), site, attributes)
  }

  #targetOf(resolution: Resolution, site: ImportSite, attributes: ImportAttributes): Target {
    switch (resolution.class) {
      case 'builtin': {
        const url = resolution.name.startsWith('node:')
          ? resolution.name
          : `node:${resolution.name}`
        return { url, attributes, packageName: url, guardName: undefined }
      }
      case 'source': {
        // A static dependency stays an import although it is a file: `external` names a path.
        const url = pathToFileURL(resolution.file).href
        const packageName = resolution.packageName ?? site.specifier
        return { url, attributes, packageName, guardName: undefined }
      }
      case 'external': {
        const { file, packageName, fault } = resolution
        if (fault !== undefined) {
          throw importFailed(
            { ...site, reason: `the package "${packageName}" is installed, but ${fault}` },
            { fix: `Correct the specifier, or install a version of "${packageName}" that has it` },
          )
        }
        if (file === undefined) {
          throw importFailed(
            { ...site, reason: `the package "${packageName}" is not installed` },
            { fix: `Install it: npm install ${packageName}` },
          )
        }
        const guardName = this.#parts.guardName(resolution)
        return { url: pathToFileURL(file).href, attributes, packageName, guardName }
      }
      case 'refused':
        throw importRefused({ ...site, reason: resolution.reason })
      case 'missing':
        throw importFailed(
          { ...site, reason: resolution.reason },
          resolution.suggestion === undefined ? {} : { fix: `Import "${resolution.suggestion}"` },
        )
      default:
        return resolution satisfies never
    }
  }

  #import(target: Target, site: ImportSite): Promise<Namespace> {
    const key = keyOf(target)
    const running = this.#flights.get(key)
    if (running !== undefined) return running
    const flight = this.#attempt(target, site).finally(() => this.#flights.delete(key))
    this.#flights.set(key, flight)
    return flight
  }

  async #attempt(target: Target, site: ImportSite): Promise<Namespace> {
    const task = (): Promise<Namespace> => this.#importOnce(target, site)
    const { guard } = this.#parts
    const namespace = await (target.guardName === undefined
      ? task()
      : guard(target.guardName, task, { flightKey: target.url }))
    this.#namespaces.set(keyOf(target), namespace)
    this.#failures.delete(keyOf(target))
    return namespace
  }

  async #importOnce(target: Target, site: ImportSite): Promise<Namespace> {
    const key = keyOf(target)
    const failure = this.#failures.get(key)
    const attempts = failure?.attempts ?? 0
    if (failure?.isStuck === true || attempts > MAX_ATTEMPTS) {
      throw importStuck({ ...site, attempts }, { cause: failure?.last })
    }
    const url = attempts === 0 ? target.url : `${target.url}?somon=${attempts}`
    try {
      return (await import(url, { with: target.attributes })) as Namespace
    } catch (error) {
      throw this.#noteFailure(settleError(error), target, site)
    }
  }

  #noteFailure(error: unknown, target: Target, site: ImportSite): Error {
    const key = keyOf(target)
    // A missing file is looked for again by Node.
    if (codeOf(error) === 'ERR_MODULE_NOT_FOUND') return this.#failed(error, target, site)
    const failure = this.#failures.get(key)
    const attempts = failure?.attempts ?? 0
    const isSame = failure?.last === error
    // The same object under a fresh URL: a module below failed, and its URL is not ours to vary.
    if (isSame && attempts > 0) {
      const stuck = { attempts: attempts + 1, last: error, isStuck: true }
      this.#failures.set(key, stuck)
      return importStuck({ ...site, attempts: stuck.attempts }, { cause: error })
    }
    // A file with a syntax error is parsed again under its own URL, unless evaluation threw it.
    const isParsedAgain = error instanceof SyntaxError && !isSame
    const made = isParsedAgain ? attempts : attempts + 1
    this.#failures.set(key, { attempts: made, last: error, isStuck: false })
    return this.#failed(error, target, site)
  }

  #failed(error: unknown, target: Target, site: ImportSite): Error {
    const { packageName } = target
    if (codeOf(error) === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING') {
      return importIsTypeScript({ ...site, packageName }, { cause: error })
    }
    return importFailed({ ...site, reason: firstLine(messageOf(error)) }, { cause: error })
  }
}

const MAX_ATTEMPTS = 8

interface Failure {
  /** How often Node was asked for a URL that it remembers. */
  readonly attempts: number
  readonly last: unknown
  /** No new URL helps: what failed lies below the package. */
  readonly isStuck: boolean
}

/** The module on the network that a specifier names; one there has no files beside it. */
function urlOf({ specifier, importer }: ImportSite): string | undefined {
  if (isModuleUrl(specifier)) return specifier
  if (!isModuleUrl(importer) || !/^\.{0,2}\//.test(specifier)) return undefined
  return URL.parse(specifier, importer)?.href
}

function siteOf(dep: ArtifactDependency): ImportSite {
  return { specifier: dep.spec, importer: dep.importers[0] ?? '' }
}

function keyOf(target: Target): string {
  const { type } = target.attributes
  return type === undefined ? target.url : `${target.url}\n${type}`
}

function attributesOf(options: unknown): ImportAttributes {
  if (options === undefined) return {}
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('The second argument of import() must be an object')
  }
  const attributes: unknown = 'with' in options ? options.with : undefined
  if (attributes === undefined) return {}
  if (typeof attributes !== 'object' || attributes === null) {
    throw new TypeError('The "with" option of import() must be an object')
  }
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, String(value)]),
  )
}

/**
 * `require` returns the namespace of a module (with `__esModule` added where it has a default
 * export), and the bare exports of anything else.
 */
function requireNamespace(url: string): Namespace {
  const exported: unknown = url.startsWith('node:')
    ? process.getBuiltinModule(url)
    : createRequire(url)(fileURLToPath(url))
  if (process.getBuiltinModule('node:util').types.isModuleNamespaceObject(exported))
    return exported as Namespace
  return commonJsNamespace(exported)
}

/** What `import` makes of `module.exports`: its properties by name, and itself as the default. */
function commonJsNamespace(exported: unknown): Namespace {
  const namespace = Object.create(null) as Record<string, unknown>
  if ((typeof exported === 'object' && exported !== null) || typeof exported === 'function') {
    for (const name of Object.keys(exported)) {
      Object.defineProperty(namespace, name, {
        enumerable: true,
        get: () => (exported as Record<string, unknown>)[name],
      })
    }
  }
  Object.defineProperty(namespace, 'default', { enumerable: true, value: exported })
  return namespace
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/\.$/, '')
}
