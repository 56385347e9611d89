import { pathToFileURL } from 'node:url'
import { codeOf, messageOf } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import type { ArtifactDependency, ImportAttributes } from '../bundle/artifact.ts'
import { importFailed, importIsTypeScript, importStuck, syncExternal } from './errors.ts'
import type { Namespace } from './generation.ts'
import type { Importer } from './importer.ts'
import { ImportAttempts, type AttemptsParts } from './import-attempts.ts'
import type { ImportGuard, ImportGuards } from './import-guard.ts'
import {
  keyOf,
  resolveSite,
  siteOf,
  targetOf,
  urlOf,
  type ImportSite,
  type ImportTarget,
} from './import-target.ts'

/** What importing builtins and externals needs of the other stages. */
export interface ImportsParts extends AttemptsParts {
  readonly root: string
  /** Undefined where no package is guarded. */
  readonly guards: ImportGuards | undefined
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

/** Imports builtins and externals by Node, once for a system. */
export class Imports {
  readonly #parts: ImportsParts
  readonly #attempts: ImportAttempts
  /** Who was told that an import is stuck, by owner and target. */
  readonly #told = new Set<string>()

  constructor(parts: ImportsParts) {
    this.#parts = parts
    this.#attempts = new ImportAttempts(parts)
  }

  /** How many namespaces are held. */
  get size(): number {
    return this.#attempts.size
  }

  /**
   * Imports one dependency of an artifact.
   *
   * @throws SomonError SOMON_EVALUATE_IMPORT_FAILED, _IMPORT_TYPESCRIPT, _IMPORT_STUCK, and what
   *   the guard refuses with
   */
  dependency(dep: ArtifactDependency, importer: Importer): Namespace | Promise<Namespace> {
    const site = siteOf(dep)
    const target = targetOf(
      resolveSite(site, 'import', this.#parts),
      site,
      dep.attributes ?? NO_ATTRIBUTES,
    )
    return this.#import(target, site, importer)
  }

  /** @throws SomonError SOMON_EVALUATE_SYNC_EXTERNAL when it has a top-level await */
  dependencySync(dep: ArtifactDependency, importer: Importer): Namespace {
    const site = siteOf(dep)
    const target = targetOf(
      resolveSite(site, 'import', this.#parts),
      site,
      dep.attributes ?? NO_ATTRIBUTES,
    )
    const namespace = this.#attempts.known(target) ?? this.#importSync(target, site, importer)
    return this.#seen(namespace, target, site, importer)
  }

  /** A run-time `import(specifier, options)` that stands in the source file `from`. */
  async dynamic(
    specifier: unknown,
    options: unknown,
    from: RelPath,
    importer: Importer,
  ): Promise<Namespace> {
    const attributes = attributesOf(options)
    const site = { specifier: String(specifier), importer: from }
    const url = urlOf(site)
    if (url !== undefined)
      return this.#parts.importSource({ file: url, importer: from, attributes })
    const resolution = resolveSite(site, 'dynamic-import', this.#parts)
    if (resolution.class === 'source') {
      return this.#parts.importSource({ file: resolution.file, importer: from, attributes })
    }
    return this.#import(targetOf(resolution, site, attributes), site, importer)
  }

  /** `import.meta.resolve(specifier)` of the source `importer`. */
  resolveUrl(specifier: string, importer: RelPath): string {
    const site = { specifier, importer }
    const url = urlOf(site)
    if (url !== undefined) return url
    const resolution = resolveSite(site, 'import', this.#parts)
    if (resolution.class === 'source') return pathToFileURL(resolution.file).href
    return targetOf(resolution, site, NO_ATTRIBUTES).url
  }

  #import(
    target: ImportTarget,
    site: ImportSite,
    importer: Importer,
  ): Namespace | Promise<Namespace> {
    const known = this.#attempts.known(target)
    if (known !== undefined) return this.#seen(known, target, site, importer)
    const guard = this.#guardOf(target, importer)
    const importing =
      guard === undefined
        ? this.#importPlainly(target, site)
        : this.#importGuarded(target, site, importer, guard)
    return importing.then((namespace) => this.#seen(namespace, target, site, importer))
  }

  async #importPlainly(target: ImportTarget, site: ImportSite): Promise<Namespace> {
    try {
      return await this.#attempts.import(target)
    } catch (error) {
      throw this.#importError(error, target, site)
    }
  }

  async #importGuarded(
    target: ImportTarget,
    site: ImportSite,
    importer: Importer,
    guard: ImportGuard,
  ): Promise<Namespace> {
    let thrown: { readonly error: unknown } | undefined
    try {
      // The guard judges what the package threw; a caller is told what could not be imported.
      return await guard.run(async (signal) => {
        try {
          return await this.#attempts.import(target, signal)
        } catch (error) {
          thrown = { error }
          throw error
        }
      })
    } catch (error) {
      throw this.#guardedError(error, thrown?.error === error, { target, site, importer, guard })
    }
  }

  #importSync(target: ImportTarget, site: ImportSite, importer: Importer): Namespace {
    const guard = this.#guardOf(target, importer)
    let thrown: { readonly error: unknown } | undefined
    const load = (): Namespace => {
      try {
        return this.#attempts.importSync(target)
      } catch (error) {
        thrown = { error }
        throw error
      }
    }
    try {
      return guard === undefined ? load() : guard.runSync(load)
    } catch (error) {
      if (codeOf(error) === 'ERR_REQUIRE_ASYNC_MODULE') {
        throw syncExternal({ module: site.importer, ...site }, { cause: error })
      }
      if (guard === undefined) throw this.#importError(error, target, site)
      throw this.#guardedError(error, thrown?.error === error, { target, site, importer, guard })
    }
  }

  /** What a refused or failed import is thrown as: that it is stuck comes before all else. */
  #guardedError(
    error: unknown,
    isThrown: boolean,
    { target, site, importer: { owner }, guard }: GuardedImport,
  ): unknown {
    const spent = this.#attempts.spent(target)
    if (spent === undefined) this.#attempts.tellRecovery(target, owner, guard)
    else {
      const told = `${owner}\n${keyOf(target)}`
      if (!this.#told.has(told)) guard.stuck(site.specifier, spent.attempts)
      this.#told.add(told)
    }
    return isThrown || spent !== undefined ? this.#importError(error, target, site) : error
  }

  #importError(error: unknown, target: ImportTarget, site: ImportSite): Error {
    const spent = this.#attempts.spent(target)
    if (spent !== undefined) {
      return importStuck({ ...site, attempts: spent.attempts }, { cause: spent.last })
    }
    if (codeOf(error) === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING') {
      return importIsTypeScript({ ...site, packageName: target.packageName }, { cause: error })
    }
    return importFailed({ ...site, reason: firstLine(messageOf(error)) }, { cause: error })
  }

  #guardOf({ external }: ImportTarget, { owner }: Importer): ImportGuard | undefined {
    return external === undefined ? undefined : this.#parts.guards?.guardOf(owner, external)
  }

  /** What a generation sees of a package. */
  #seen(
    namespace: Namespace,
    target: ImportTarget,
    site: ImportSite,
    importer: Importer,
  ): Namespace {
    const { guards } = this.#parts
    if (guards === undefined || target.external === undefined) return namespace
    return importer.see(namespace, target.external, guards, site.importer)
  }
}

interface GuardedImport {
  readonly target: ImportTarget
  readonly site: ImportSite
  readonly importer: Importer
  readonly guard: ImportGuard
}

const NO_ATTRIBUTES: ImportAttributes = Object.freeze({})

function attributesOf(options: unknown): ImportAttributes {
  if (options === undefined) return NO_ATTRIBUTES
  if (typeof options !== 'object' || options === null) {
    throw new TypeError('The second argument of import() must be an object')
  }
  const attributes: unknown = 'with' in options ? options.with : undefined
  if (attributes === undefined) return NO_ATTRIBUTES
  if (typeof attributes !== 'object' || attributes === null) {
    throw new TypeError('The "with" option of import() must be an object')
  }
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, String(value)]),
  )
}

function firstLine(text: string): string {
  return (text.split('\n', 1)[0] ?? '').replace(/\.$/, '')
}
