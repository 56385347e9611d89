import { existsSync } from 'node:fs'
import { sep } from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { SomonError } from '../base/error.ts'
import { isSomonError, messageOf } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import { fromRelPath, importerPath, isModuleUrl, toRelPath } from '../base/project-path.ts'
import { resolveSourceDenied } from '../resolve/errors.ts'
import type { Artifact } from './artifact.ts'
import type { BuildOptions } from './build-options.ts'
import type { BuildOutcome } from './build-outcome.ts'
import type { Fingerprint } from './fingerprint.ts'
import type { MissingImport } from './derive-inputs.ts'
import { InputsDeriver } from './derive-inputs.ts'
import { entryGraph } from './entry-graph.ts'
import { bundleFailed, bundleUnsupportedImport } from './errors.ts'
import type { BuildResolver } from './esbuild-options.ts'
import { importKind, outputName } from './esbuild-options.ts'
import type { EsbuildMessage, EsbuildOutputFile, EsbuildResult, EsbuildService } from './esbuild.ts'
import { buildMessage, createSourceReader, failureOf } from './failure.ts'
import { importChain } from './import-chain.ts'
import type { InputCollector } from './inputs.ts'
import { locateAwait } from './locate-await.ts'
import type { KeptFacts } from './kept-facts.ts'
import { assetOf, makeArtifact, styleName } from './make-artifact.ts'
import type { BuildMetafile } from './metafile.ts'
import type { PluginHost } from './plugin-host.ts'
import { requiredAwait } from './required-await.ts'
import { hintMapping, unmetMappings } from './unmet-mappings.ts'
import type { Wrapped } from './wrap.ts'
import { wrap } from './wrap.ts'

/** What the outcomes of one esbuild build are made with. */
export interface RunParts {
  readonly options: BuildOptions
  readonly collector: InputCollector
  readonly resolver: BuildResolver
  readonly plugins: PluginHost
  readonly service: Pick<EsbuildService, 'errorsOf'>
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  readonly fingerprint: Fingerprint
  readonly startedAt: number
  readonly kept?: KeptFacts | undefined
}

/** Turns what one esbuild build produced, or its errors, into one outcome per entry. */
export class BuildRun {
  readonly #parts: RunParts
  readonly #root: string
  readonly #deriver: InputsDeriver

  constructor(parts: RunParts) {
    const { options, collector, startedAt, env, kept } = parts
    this.#parts = parts
    this.#root = options.root
    this.#deriver = new InputsDeriver({
      root: options.root,
      tsconfig: options.resolve.tsconfig,
      collector,
      startedAt,
      endedAt: parts.clock.now(),
      declared: parts.plugins.declaredInputs(),
      env,
      uncacheable: parts.fingerprint.uncacheable,
      kept,
    })
  }

  /** The outcome of one entry of a build that succeeded; a refusal fails this entry alone. */
  async succeeded(result: EsbuildResult, entry: RelPath, index: number): Promise<BuildOutcome> {
    try {
      return await this.#succeeded(result, entry, index)
    } catch (error) {
      const failure = isSomonError(error)
        ? error
        : bundleFailed({ entry, reason: messageOf(error), errorCount: 1 }, { cause: error })
      return { ok: false, entry, error: failure, inputs: this.#deriver.ofFailure(entry, []) }
    }
  }

  async #succeeded(result: EsbuildResult, entry: RelPath, index: number): Promise<BuildOutcome> {
    const output = `${outputName(index)}.js`
    const files = new Map(
      result.outputFiles.map((file) => [toRelPath(this.#root, file.path), file]),
    )
    const start = result.metafile.outputs[output]?.entryPoint ?? entry
    const graph = entryGraph(result.metafile, start, output, (path) => this.#isFile(path))
    const inputs = this.#deriver.ofGraph(graph)
    const bundled = files.get(output)?.text ?? ''
    const wrapped = wrap(bundled, {
      entry,
      isInput: (path) => path in result.metafile.inputs,
      copyOf: (specifier, importer) => this.#copyOf(specifier, importer),
    })
    const unmet = unmetMappings(graph, this.#mappingParts())
    const refused =
      (unmet.length > 0 ? this.#errorOf(entry, unmet) : undefined) ??
      this.#refusal(entry, graph, wrapped) ??
      requiredAwait(entry, bundled, graph, createSourceReader(this.#root))
    if (refused !== undefined) return { ok: false, entry, error: refused, inputs }
    const assets = this.#assets(result, entry, output, graph, files)
    const artifact = makeArtifact({
      entry,
      wrapped,
      graph,
      inputs,
      assets: [...assets.keys()].map((name) => assetOf(name, bytesOf(assets, name))),
      tla: await this.#tla(wrapped, entry, graph),
      warnings: this.#warnings(result, graph),
      fingerprint: this.#parts.fingerprint.digest,
    })
    return {
      ok: true,
      entry,
      artifact,
      inputs,
      metafile: graph,
      map: files.get(`${output}.map`)?.text,
      assets: new Map(artifact.assets.map(({ name, sha256 }) => [sha256, bytesOf(assets, name)])),
    }
  }

  #isFile(path: RelPath): boolean {
    const file = fromRelPath(this.#root, path)
    return this.#parts.collector.get(file) !== undefined || existsSync(file)
  }

  /** The outcome of one entry of a build that failed. */
  failed(entry: RelPath, raw: readonly EsbuildMessage[]): BuildOutcome {
    const { plugins } = this.#parts
    const restored = plugins.restore(raw)
    const messages = restored.map((message) => hintMapping(message, this.#mappingParts()))
    const inputs = this.#deriver.ofFailure(entry, restored.flatMap(missingImports))
    return { ok: false, entry, error: this.#errorOf(entry, messages), inputs }
  }

  #mappingParts(): Parameters<typeof hintMapping>[1] {
    const { collector, resolver } = this.#parts
    return { root: this.#root, collector, resolver, deriver: this.#deriver }
  }

  #errorOf(entry: RelPath, messages: readonly EsbuildMessage[]): SomonError {
    const { collector, resolver } = this.#parts
    const readSource = createSourceReader(this.#root)
    const chainTo = (file: RelPath): readonly RelPath[] | undefined => {
      try {
        return importChain(this.#root, collector, resolver, entry, file)
      } catch (error) {
        // A broken package.json stops the resolver; the fault itself is told without the way to it.
        if (isSomonError(error)) return undefined
        throw error
      }
    }
    return failureOf(entry, messages, readSource, chainTo)
  }

  /** Where Node would find an external; what cannot be told now is left to the import itself. */
  #copyOf(specifier: string, importer: RelPath): string {
    try {
      const from = importerPath(this.#root, importer)
      const found = this.#parts.resolver.resolve(specifier, from, 'import')
      return found.class === 'external' ? (found.file ?? '') : ''
    } catch (error) {
      if (isSomonError(error)) return ''
      throw error
    }
  }

  /** An import that an artifact may not have, or that the settings do not let in. */
  #refusal(entry: RelPath, graph: BuildMetafile, wrapped: Wrapped): SomonError | undefined {
    if (wrapped.unsupported !== undefined) {
      return bundleUnsupportedImport({
        entry,
        form: `"${wrapped.unsupported}"`,
        reason: 'a module that can be reloaded has no such phase',
      })
    }
    const { externalPolicy, allowedSources } = this.#parts.options.resolve
    if (externalPolicy === 'any' && allowedSources.includes('*')) return undefined
    const from = this.#root + sep
    for (const specifier of Object.keys(graph.inputs).filter(isModuleUrl)) {
      const found = this.#parts.resolver.resolve(specifier, from, 'import')
      if (found.class !== 'refused') continue
      const { packageName, reason } = found
      return resolveSourceDenied({ specifier, importer: entry, packageName, reason })
    }
    for (const [importer, { imports }] of Object.entries(graph.inputs)) {
      for (const item of imports) {
        if (item.path in graph.inputs && isModuleUrl(item.path)) continue
        const specifier = item.original ?? item.path
        const at = importerPath(this.#root, importer)
        const found = this.#parts.resolver.resolve(specifier, at, importKind(item.kind))
        if (found.class !== 'refused') continue
        const { packageName, reason } = found
        return resolveSourceDenied({ specifier, importer, packageName, reason })
      }
    }
    return undefined
  }

  async #tla(wrapped: Wrapped, entry: RelPath, graph: BuildMetafile): Promise<Artifact['tla']> {
    if (wrapped.tla === undefined) return null
    const { collector, service } = this.#parts
    return locateAwait(wrapped.tla.file, {
      root: this.#root,
      entry,
      graph,
      collector,
      errorsOf: (text, loader) => service.errorsOf(text, loader),
    })
  }

  #assets(
    result: EsbuildResult,
    entry: RelPath,
    output: string,
    graph: BuildMetafile,
    files: ReadonlyMap<string, EsbuildOutputFile>,
  ): ReadonlyMap<string, Uint8Array> {
    const style = result.metafile.outputs[output]?.cssBundle
    const assets = new Map<string, Uint8Array>()
    for (const [path, { inputs, entryPoint }] of Object.entries(result.metafile.outputs)) {
      const bytes = files.get(path)?.contents
      if (bytes === undefined || path === output || path === `${output}.map`) continue
      if (path === style) assets.set(styleName(entry), bytes)
      else if (entryPoint === undefined && !/^\.somon-\d+\./.test(path)) {
        if (Object.keys(inputs).some((input) => input in graph.inputs)) assets.set(path, bytes)
      }
    }
    return assets
  }

  /** A warning belongs to the entries that hold its file; one without a place to all. */
  #warnings(result: EsbuildResult, graph: BuildMetafile): Artifact['warnings'] {
    const readSource = createSourceReader(this.#root)
    return result.warnings
      .map((message) => buildMessage(message, readSource))
      .filter(({ location }) => location === null || location.file in graph.inputs)
  }
}

function bytesOf(assets: ReadonlyMap<string, Uint8Array>, name: string): Uint8Array {
  return assets.get(name) ?? new Uint8Array()
}

function missingImports(message: EsbuildMessage): readonly MissingImport[] {
  const specifier = /^Could not resolve "(.+)"$/.exec(message.text)?.[1]
  if (specifier === undefined || message.location === null) return []
  return [{ importer: message.location.file, specifier }]
}
