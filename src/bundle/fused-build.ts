import { AsyncLocalStorage } from 'node:async_hooks'
import { dirname, join } from 'node:path'
import type { Guard } from '../base/guard.ts'
import type {
  EsbuildBuild,
  EsbuildLoader,
  OnEndCallback,
  OnLoadArgs,
  OnLoadCallback,
  OnLoadResult,
  OnResolveCallback,
  OnResolveResult,
  OnStartCallback,
} from './esbuild-build.ts'
import type { RememberErrors } from './end-errors.ts'
import type { EsbuildPlugin } from './esbuild.ts'
import { FusedCalls, HookFailure, type HookCall } from './fused-calls.ts'
import { attributeLoader, isScript, LoadCall } from './load-call.ts'
import {
  esbuildPathFromId,
  idFromEsbuildPath,
  isUrlPath,
  PLUGIN_NAMESPACE,
  VIRTUAL_NAMESPACE,
} from './module-id.ts'
import type { PluginCalls } from './plugin-calls.ts'
import type { CheckedFusedPlugin } from './plugin-check.ts'
import type { PluginBuild, WatchSink } from './plugin-host.ts'
import { readFault } from './read-fault.ts'
import { messageOfError, type EsbuildMessage } from './plugin-message.ts'
import { readerLoad } from './reader-plugin.ts'

/** What the fused plugins of one build work with. */
export interface FusedParts {
  readonly root: string
  readonly guard: Guard
  readonly calls: PluginCalls
  readonly watches: WatchSink
  /** Undefined for output builds, where esbuild reads files itself. */
  readonly reader: PluginBuild | undefined
  readonly remember: RememberErrors
}

/**
 * All fused plugins of one build as ONE nested unplugin, which is registered in two places.
 *
 * unplugin composes filters, loads and transforms; its callbacks are caught as it registers them
 * and registered by us, around them what it lacks: hooks with enforce "pre" come before esbuild
 * plugins, file results stay in the namespace `file`, maps are merged, and every message, watched
 * file and loader of a passage survives the hooks after it (unplugin 3.7 keeps the last one's).
 *
 * Invariant: the callbacks are caught in the first `setup` of a build and used by both places;
 * esbuild runs the setups of a build one after the other, in list order.
 */
export class FusedBuild {
  readonly #plugins: readonly CheckedFusedPlugin[]
  readonly #parts: FusedParts
  readonly #storage = new AsyncLocalStorage<HookCall>()
  readonly #waiting: EsbuildMessage[] = []
  #caught: Promise<Caught> | undefined

  constructor(plugins: readonly CheckedFusedPlugin[], parts: FusedParts) {
    this.#plugins = plugins
    this.#parts = parts
  }

  /** The place before esbuild plugins; undefined when no plugin asks for it. */
  first(): EsbuildPlugin | undefined {
    const early = this.#plugins.filter(isPre).map((checked) => checked.plugin)
    const loads = early.some((plugin) => plugin.load !== undefined)
    if (!loads && !early.some((plugin) => plugin.resolveId !== undefined)) return undefined
    return {
      name: 'somon-pre',
      setup: async (build) => {
        const caught = await this.#catch(build)
        for (const resolve of caught.preResolves) this.#registerResolve(build, resolve)
        if (loads) this.#registerLoad(build, 'pre')
      },
    }
  }

  /** The place after esbuild plugins. */
  last(): EsbuildPlugin {
    return {
      name: 'somon',
      setup: async (build) => {
        const caught = await this.#catch(build)
        for (const start of caught.starts) build.onStart(() => this.#collect('buildStart', start))
        for (const resolve of caught.resolves) this.#registerResolve(build, resolve)
        this.#registerLoad(build, 'main')
        for (const end of caught.ends) {
          build.onEnd((result) => this.#collect('buildEnd', () => end(result)))
        }
        build.onEnd(() => ({ warnings: this.#waiting.splice(0) }))
      },
    }
  }

  /** Which transforms would have run on a file, given what another plugin loads for it. */
  async hiddenTransforms(args: OnLoadArgs, contents: string): Promise<readonly string[]> {
    const load = (await this.#caught)?.load
    if (load === undefined) return []
    const call = new LoadCall('probe', args, idOf(args), false)
    call.original = contents
    await this.#storage.run({ load: call }, () => load(args))
    return call.matched
  }

  #catch(build: EsbuildBuild): Promise<Caught> {
    this.#caught ??= this.#catchOnce(build)
    return this.#caught
  }

  async #catchOnce(build: EsbuildBuild): Promise<Caught> {
    // Loaded here, so that a program without fused plugins never imports unplugin (25 ms).
    const { nestPlugins } = await import('./unplugin.ts')
    const caught = new Caught()
    const calls = new FusedCalls(this.#parts, this.#storage, build.initialOptions)
    const nested = this.#plugins.map((plugin) => calls.nested(plugin))
    const pre = this.#plugins.filter((plugin) => isPre(plugin) && plugin.plugin.resolveId).length
    const { reader } = this.#parts
    const last = calls.reader(reader === undefined ? undefined : readerLoad(reader))
    await nestPlugins([...nested, last]).setup({
      ...build,
      onStart: (callback) => void caught.starts.push(callback),
      onEnd: (callback) => void caught.ends.push(callback),
      onResolve: (_options, callback) => {
        const isEarly = caught.preResolves.length < pre
        void (isEarly ? caught.preResolves : caught.resolves).push(callback)
      },
      onLoad: (_options, callback) => {
        caught.load = callback
      },
    })
    return caught
  }

  #registerResolve(build: EsbuildBuild, callback: OnResolveCallback): void {
    build.onResolve({ filter: /.*/ }, async (args) => {
      const importer = idFromEsbuildPath(args.importer, args.namespace)
      const call: HookCall = { resolve: { args, warnings: [], watchFiles: [], watchDirs: [] } }
      try {
        const found = await this.#storage.run(call, () => callback({ ...args, importer }))
        return this.#answer(located(found), call.resolve.warnings)
      } catch (thrown) {
        return { errors: [this.#message(thrown)] }
      }
    })
  }

  /**
   * esbuild 0.28 asks no further plugin once a callback has returned any object, an empty one
   * too: a hook that only warns answers with nothing, and its warnings wait for the build's end.
   */
  #answer<R extends { warnings?: OnLoadResult['warnings'] }>(
    result: R | undefined,
    warnings: readonly EsbuildMessage[],
  ): R | undefined {
    if (result !== undefined) return { ...result, warnings: [...warnings] }
    this.#waiting.push(...warnings)
    return undefined
  }

  #registerLoad(build: EsbuildBuild, phase: 'pre' | 'main'): void {
    const answer: OnLoadCallback = async (args) => {
      const load = (await this.#caught)?.load
      if (load === undefined) return undefined
      const keepsMaps = Boolean(build.initialOptions.sourcemap)
      return this.#load(load, new LoadCall(phase, args, idOf(args), keepsMaps))
    }
    for (const namespace of ['file', VIRTUAL_NAMESPACE, PLUGIN_NAMESPACE]) {
      build.onLoad({ filter: /.*/, namespace }, answer)
    }
    build.onLoad({ filter: /^\/\// }, (args) =>
      isUrlPath(args.path, args.namespace) ? answer(args) : undefined,
    )
  }

  async #load(callback: OnLoadCallback, call: LoadCall): Promise<OnLoadResult | undefined> {
    try {
      const { path, namespace } = call.args
      const args = { ...call.args, path: idFromEsbuildPath(path, namespace) }
      const result = await this.#storage.run({ load: call }, () => callback(args))
      const { contents } = result ?? {}
      if (contents === undefined || !(call.claimed || call.changed)) {
        return this.#answer<OnLoadResult>(undefined, call.warnings)
      }
      const { warnings, watchFiles, watchDirs } = call
      const loader = loaderOf(call)
      return {
        contents: this.#finish(contents, loader, call),
        loader,
        resolveDir: this.#resolveDir(path, namespace),
        warnings,
        watchFiles,
        watchDirs,
      }
    } catch (thrown) {
      return {
        errors: [this.#message(thrown)],
        warnings: call.warnings,
        watchFiles: call.watchFiles,
      }
    }
  }

  /**
   * A module on the network has a folder that cannot exist: in the root, a pattern import would
   * take files of the project, and without a folder esbuild 0.28 looks in that of the process.
   */
  #resolveDir(path: string, namespace: string): string {
    if (isUrlPath(path, namespace)) return join(this.#parts.root, '<network>')
    return namespace === 'file' ? dirname(path) : this.#parts.root
  }

  #finish(
    contents: string | Uint8Array,
    loader: EsbuildLoader,
    call: LoadCall,
  ): string | Uint8Array {
    if (typeof contents !== 'string' || !isScript(loader, call.args.path)) return contents
    const { namespace, path } = call.args
    // A module without a place of its own has the import.meta of the entry.
    const hasPlace = namespace === 'file' || isUrlPath(path, namespace)
    const reader = hasPlace ? this.#parts.reader : undefined
    const module = idFromEsbuildPath(path, namespace)
    return (reader?.finish(contents, module) ?? contents) + call.mapComment()
  }

  async #collect(
    hook: 'buildStart' | 'buildEnd',
    task: () => unknown,
  ): Promise<Pick<OnLoadResult, 'errors' | 'warnings'>> {
    const call: HookCall = { phase: { hook, warnings: [], watchFiles: [], watchDirs: [] } }
    try {
      await this.#storage.run(call, task)
      return { warnings: call.phase.warnings }
    } catch (thrown) {
      const errors = [this.#message(thrown)]
      if (hook === 'buildEnd') this.#parts.remember(errors)
      return { errors }
    }
  }

  #message(thrown: unknown): NonNullable<OnLoadResult['errors']>[number] {
    if (thrown instanceof HookFailure) return messageOfError(thrown.error, thrown.plugin)
    return { text: readFault(thrown), detail: thrown }
  }
}

function isPre(checked: CheckedFusedPlugin): boolean {
  return checked.plugin.enforce === 'pre'
}

function idOf(args: OnLoadArgs): string {
  return idFromEsbuildPath(args.path, args.namespace, args.suffix)
}

/** unplugin puts every result into a namespace named as the plugin, files too. */
function located(found: OnResolveResult | null | undefined): OnResolveResult | undefined {
  if (found?.path === undefined) return undefined
  if (found.external === true) return { path: found.path, external: true }
  return esbuildPathFromId(found.path)
}

/** Without a reader the attributes of the import have not been asked yet. */
function loaderOf(call: LoadCall): EsbuildLoader {
  const isUndecided = call.loader === undefined || call.loader === 'default'
  return (isUndecided ? attributeLoader(call.args) : undefined) ?? call.loader ?? 'default'
}

/** What unplugin registers, in the order of its plugins. */
class Caught {
  readonly starts: OnStartCallback[] = []
  readonly ends: OnEndCallback[] = []
  readonly preResolves: OnResolveCallback[] = []
  readonly resolves: OnResolveCallback[] = []
  load: OnLoadCallback | undefined
}
