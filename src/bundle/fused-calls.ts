import type { AsyncLocalStorage } from 'node:async_hooks'
import type { SomonError } from '../base/error.ts'
import type { Guard } from '../base/guard.ts'
import type { EsbuildBuild, EsbuildLoader, OnResolveArgs } from './esbuild-build.ts'
import { fileFilter, specifierFilter } from './hook-filter.ts'
import { checkLoaded, checkResolved } from './hook-result.ts'
import { loaderAfterTransform, scriptLoader, type LoadCall } from './load-call.ts'
import type {
  Hook,
  HookFilter,
  LoadHook,
  LoadResult,
  PluginContext,
  ResolveIdHook,
  TransformHook,
} from './plugin.ts'
import type { PluginCalls } from './plugin-calls.ts'
import type { CheckedFusedPlugin } from './plugin-check.ts'
import type { WatchSink } from './plugin-host.ts'
import {
  errorOfMessage,
  errorOfThrown,
  messageOfWarning,
  type EsbuildMessage,
  type HookPlace,
} from './plugin-message.ts'
import type { NestedPlugin } from './unplugin.ts'

/** What a running hook may leave behind beside its result. */
export interface HookNotes {
  readonly warnings: EsbuildMessage[]
  readonly watchFiles: string[]
  readonly watchDirs: string[]
}

/** The hook that runs, found again inside unplugin's callbacks by async context. */
export type HookCall =
  | { readonly load: LoadCall }
  | { readonly resolve: HookNotes & { readonly args: OnResolveArgs } }
  | { readonly phase: HookNotes & { readonly hook: string } }

/** An error on its way through unplugin, with the plugin it came from. */
export class HookFailure {
  readonly plugin: string
  readonly error: SomonError

  constructor(plugin: string, error: SomonError) {
    this.plugin = plugin
    this.error = error
  }
}

/** What every hook call of a build shares. */
export interface FusedCallParts {
  readonly root: string
  readonly guard: Guard
  readonly calls: PluginCalls
  readonly watches: WatchSink
}

/** Turns fused plugins into the form that unplugin nests, each hook called through `PluginCalls`. */
export class FusedCalls {
  readonly #parts: FusedCallParts
  readonly #storage: AsyncLocalStorage<HookCall>
  readonly #options: EsbuildBuild['initialOptions']

  constructor(
    parts: FusedCallParts,
    storage: AsyncLocalStorage<HookCall>,
    options: EsbuildBuild['initialOptions'],
  ) {
    this.#parts = parts
    this.#storage = storage
    this.#options = options
  }

  nested(checked: CheckedFusedPlugin): NestedPlugin {
    const { name, plugin } = checked
    const { buildStart, buildEnd } = plugin
    return {
      name,
      ...(buildStart && { buildStart: () => this.#phase(checked, 'buildStart', buildStart) }),
      ...(buildEnd && { buildEnd: () => this.#phase(checked, 'buildEnd', buildEnd) }),
      ...(plugin.resolveId && { resolveId: this.#resolveId(checked, plugin.resolveId) }),
      ...(plugin.load && {
        load: this.#load(checked, plugin.load),
        loadInclude: () => this.#loadCall().phase === (plugin.enforce === 'pre' ? 'pre' : 'main'),
      }),
      ...(plugin.transform && {
        transform: this.#transform(checked, plugin.transform),
        transformInclude: () => this.#takesTransforms(),
      }),
    }
  }

  /** The last load of the chain: what no plugin claims is read and hashed. */
  reader(read: ((call: LoadCall) => Promise<string | Uint8Array>) | undefined): NestedPlugin {
    return {
      name: 'somon',
      loadInclude: () => {
        const { phase, args } = this.#loadCall()
        if (phase === 'probe') return true
        return read !== undefined && phase === 'main' && args.namespace === 'file'
      },
      load: async () => {
        const call = this.#loadCall()
        const contents = call.phase === 'probe' ? call.original : await read?.(call)
        // Bytes pass unplugin untouched; its type knows texts only.
        return { code: contents as string }
      },
    }
  }

  #resolveId(checked: CheckedFusedPlugin, hook: Hook<ResolveIdHook>): NestedPlugin['resolveId'] {
    const { handler, filter } = normalize(hook)
    const matches = filter?.id === undefined ? undefined : specifierFilter(filter.id)
    return async (specifier, importer, { isEntry }) => {
      if (matches?.(specifier) === false) return undefined
      const call = this.#storage.getStore()
      if (call === undefined || !('resolve' in call))
        throw new Error('resolveId ran outside a build')
      const { args } = call.resolve
      const place = { ...this.#place(checked, 'resolveId'), subject: specifier }
      const options = { isEntry, kind: args.kind, attributes: args.with }
      return this.#run(checked, place, call.resolve, importer, async (context) =>
        checkResolved(await handler.call(context, specifier, importer, options)),
      )
    }
  }

  #load(checked: CheckedFusedPlugin, hook: Hook<LoadHook>): NestedPlugin['load'] {
    const { handler, filter } = normalize(hook)
    const load = async (id: string): Promise<{ code: string } | undefined> => {
      const call = this.#loadCall()
      const place = { ...this.#place(checked, 'load'), subject: id }
      const result = await this.#run(checked, place, call, id, async (context) =>
        checkLoaded(await handler.call(context, id, { attributes: call.args.with })),
      )
      if (result === undefined) return undefined
      const loaded: LoadResult = typeof result === 'string' ? { code: result } : result
      call.claimed = true
      call.loader = (loaded.loader as EsbuildLoader) ?? scriptLoader(call.args.path) ?? 'js'
      call.hasLoadMap = loaded.map !== undefined && loaded.map !== null
      call.original = loaded.code
      this.#addMap(checked, place, call, loaded.map)
      return { code: loaded.code }
    }
    return filter === undefined
      ? load
      : { filter: fileFilter(filter, this.#parts.root), handler: load }
  }

  #transform(checked: CheckedFusedPlugin, hook: Hook<TransformHook>): NestedPlugin['transform'] {
    const { handler, filter } = normalize(hook)
    const transform = async (code: string, id: string): Promise<{ code: string } | undefined> => {
      const call = this.#loadCall()
      if (call.phase === 'probe') {
        call.matched.push(checked.name)
        return undefined
      }
      call.original ??= code
      const place = { ...this.#place(checked, 'transform'), subject: id, text: code }
      const result = await this.#run(checked, place, call, id, async (context) =>
        checkLoaded(await handler.call(context, code, id, { attributes: call.args.with })),
      )
      if (result === undefined) return undefined
      const made = typeof result === 'string' ? { code: result } : result
      if (made.code === code && made.loader === undefined) return undefined
      call.changed = true
      call.loader =
        (made.loader as EsbuildLoader | undefined) ??
        loaderAfterTransform(call.loader, call.args, this.#options.loader)
      this.#addMap(checked, place, call, made.map)
      return { code: made.code }
    }
    return filter === undefined
      ? transform
      : { filter: fileFilter(filter, this.#parts.root), handler: transform }
  }

  #addMap(
    checked: CheckedFusedPlugin,
    place: HookPlace,
    call: LoadCall,
    map: LoadResult['map'],
  ): void {
    try {
      call.addMap(map)
    } catch (thrown) {
      throw new HookFailure(checked.name, errorOfThrown(thrown, place))
    }
  }

  async #phase(
    checked: CheckedFusedPlugin,
    hook: string,
    handler: (this: PluginContext) => void | Promise<void>,
  ): Promise<void> {
    const call = this.#storage.getStore()
    if (call === undefined || !('phase' in call)) throw new Error(`${hook} ran outside a build`)
    await this.#run(checked, this.#place(checked, hook), call.phase, undefined, (context) =>
      handler.call(context),
    )
  }

  /** Calls one hook with its own `this`; notes taken after it has settled are dropped. */
  async #run<T>(
    checked: CheckedFusedPlugin,
    place: HookPlace,
    notes: HookNotes,
    owner: string | undefined,
    task: (context: PluginContext) => T | Promise<T>,
  ): Promise<T> {
    const { calls, guard, root, watches } = this.#parts
    try {
      return await calls.run(checked, place, (signal) =>
        task({
          root,
          guard: (dependency, effort, call) => guard(dependency, effort, { signal, ...call }),
          addWatchFile: (file, contents) => {
            notes.watchFiles.push(file)
            watches.addWatchFile(file, checked.name, owner, contents)
          },
          addWatchDir: (dir) => {
            notes.watchDirs.push(dir)
            watches.addWatchDir(dir, checked.name, owner)
          },
          warn: (message) => void notes.warnings.push(messageOfWarning(message, place)),
          error: (message) => {
            throw errorOfMessage(message, place)
          },
        }),
      )
    } catch (thrown) {
      throw new HookFailure(checked.name, errorOfThrown(thrown, place))
    }
  }

  #place(checked: CheckedFusedPlugin, hook: string): HookPlace {
    return { root: this.#parts.root, plugin: checked.name, hook }
  }

  #loadCall(): LoadCall {
    const call = this.#storage.getStore()
    if (call === undefined || !('load' in call)) throw new Error('load ran outside a build')
    return call.load
  }

  /** Before esbuild plugins, transforms run only on what a load with enforce "pre" has claimed. */
  #takesTransforms(): boolean {
    const call = this.#loadCall()
    return !call.isBinary && (call.phase !== 'pre' || call.claimed)
  }
}

interface ObjectHook<Fn> {
  readonly filter?: HookFilter
  readonly handler: Fn
}

function normalize<Fn>(hook: Hook<Fn>): ObjectHook<Fn> {
  return typeof hook === 'function' ? { handler: hook } : (hook as ObjectHook<Fn>)
}
