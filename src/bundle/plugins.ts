import { resolve } from 'node:path'
import { canonicalJson } from '../base/canonical-json.ts'
import type { Clock } from '../base/clock.ts'
import type { Emitter, EventChannel } from '../base/events.ts'
import type { Guard } from '../base/guard.ts'
import { askPlugins } from './ask-plugins.ts'
import { EndErrors } from './end-errors.ts'
import type { EsbuildMessage, EsbuildPlugin } from './esbuild.ts'
import { pluginInvalid } from './errors.ts'
import type { PluginEvents } from './events.ts'
import { FusedBuild } from './fused-build.ts'
import type { ArtifactInfo, BeforeLoadEvent, GenerationInfo, SomonPlugin } from './plugin.ts'
import { PluginCalls } from './plugin-calls.ts'
import {
  checkPlugins,
  type CheckedEsbuildPlugin,
  type CheckedFusedPlugin,
  type CheckedPlugin,
} from './plugin-check.ts'
import type {
  PluginAnswer,
  PluginBuild,
  PluginHost,
  PluginStats,
  WatchSink,
} from './plugin-host.ts'
import { wrapEsbuildPlugin } from './raw-plugin.ts'
import { readerPlugin } from './reader-plugin.ts'
import { RuntimeCalls } from './runtime-calls.ts'

/** What the plugins of one system are connected to. */
export interface PluginHostParts {
  /** Absolute path of the project root: declared paths and globs start there. */
  readonly root: string
  readonly clock: Clock
  readonly events: Emitter<PluginEvents>
  readonly guard: Guard
  /** How long one call of a hook may take; 0 is no limit. */
  readonly hookTimeoutMs: number
}

/**
 * Makes the plugins of one system ready: checked, ordered, and nothing called yet.
 *
 * @throws SomonError SOMON_BUNDLE_PLUGIN_INVALID for an item that is no plugin
 */
export function createPluginHost(
  plugins: readonly SomonPlugin[],
  parts: PluginHostParts,
): PluginHost {
  return new Host(checkPlugins(plugins), parts)
}

class Host implements PluginHost {
  readonly active: boolean
  readonly verifies: boolean
  readonly asksBeforeLoad: boolean
  readonly #plugins: readonly CheckedPlugin[]
  readonly #parts: PluginHostParts
  readonly #calls: PluginCalls
  readonly #runtime: RuntimeCalls
  readonly #uncacheable: EventChannel<PluginEvents['plugin.uncacheable']>
  readonly #endErrors = new EndErrors()
  #toldUncacheable = false

  constructor(plugins: readonly CheckedPlugin[], parts: PluginHostParts) {
    this.#plugins = plugins
    this.#parts = parts
    this.#calls = new PluginCalls(plugins, parts)
    this.#runtime = new RuntimeCalls(plugins, this.#calls, parts)
    this.#uncacheable = parts.events.channel('plugin.uncacheable')
    this.active = plugins.some(takesPartInBuilds)
    this.verifies = this.#runtime.verifies
    this.asksBeforeLoad = this.#runtime.asksBeforeLoad
  }

  esbuildPlugins(build: PluginBuild): readonly EsbuildPlugin[] {
    return this.active ? this.#chain(build, build) : [readerPlugin(build)]
  }

  outputPlugins(watches: WatchSink = NO_WATCHES): readonly EsbuildPlugin[] {
    return this.active ? this.#chain(undefined, watches) : []
  }

  restore(messages: readonly EsbuildMessage[]): readonly EsbuildMessage[] {
    return this.#endErrors.restore(messages)
  }

  #chain(reader: PluginBuild | undefined, watches: WatchSink): readonly EsbuildPlugin[] {
    const { root, guard } = this.#parts
    const calls = this.#calls
    const taking = this.#plugins.filter(takesPartInBuilds)
    const fused = taking.filter(isFused)
    const raw = taking.filter(isRaw)
    const { remember, last } = this.#endErrors.build()
    const build = new FusedBuild(fused, { root, guard, calls, watches, reader, remember })
    const first = build.first()
    const wrapped = raw.map((plugin) =>
      wrapEsbuildPlugin(plugin, {
        root,
        calls,
        watches,
        remember,
        ownsOptions: reader !== undefined,
        hiddenTransforms: (args, result) => build.hiddenTransforms(args, textOf(result.contents)),
      }),
    )
    const needsLast = fused.length > 0 || reader !== undefined
    return [...(first ? [first] : []), ...wrapped, ...(needsLast ? [build.last()] : []), last]
  }

  keys(): { readonly parts: readonly string[]; readonly uncacheable: string | undefined } {
    const taking = this.#plugins.filter(takesPartInBuilds)
    const keys = taking.map(keyOf)
    const uncacheable = taking.find((_plugin, index) => keys[index] === undefined)?.name
    this.#tellUncacheable(uncacheable)
    const parts = taking.map((plugin, position) =>
      canonicalJson({
        name: plugin.name,
        shape: plugin.shape,
        key: keys[position] ?? null,
        position,
        env: plugin.inputs.env ?? [],
      }),
    )
    return { parts, uncacheable }
  }

  declaredInputs(): ReturnType<PluginHost['declaredInputs']> {
    const inputs = this.#plugins.filter(takesPartInBuilds).map((plugin) => plugin.inputs)
    const absolute = (path: string): string => resolve(this.#parts.root, path)
    return {
      files: unique(inputs.flatMap(({ watch }) => watch?.files ?? []).map(absolute)),
      dirs: unique(inputs.flatMap(({ watch }) => watch?.dirs ?? []).map(absolute)),
      env: unique(inputs.flatMap(({ env }) => env ?? [])),
    }
  }

  ask(specifier: string, importer: string): Promise<readonly PluginAnswer[]> {
    const { root, guard } = this.#parts
    const taking = this.#plugins.filter(takesPartInBuilds)
    return askPlugins(taking, { specifier, importer }, { root, guard, calls: this.#calls })
  }

  beforeLoad(event: BeforeLoadEvent): Promise<void> {
    return this.#runtime.beforeLoad(event)
  }

  built(artifact: ArtifactInfo): void {
    this.#runtime.built(artifact)
  }

  instantiate(meta: Record<string, unknown>, generation: GenerationInfo): void {
    this.#runtime.instantiate(meta, generation)
  }

  verify(
    namespace: Readonly<Record<string, unknown>>,
    generation: GenerationInfo,
    signal: AbortSignal,
  ): Promise<void> {
    return this.#runtime.verify(namespace, generation, signal)
  }

  retire(generation: GenerationInfo): Promise<void> {
    return this.#runtime.retire(generation)
  }

  watchChange(file: string, event: 'create' | 'update' | 'delete'): void {
    this.#runtime.watchChange(file, event)
  }

  stats(): readonly PluginStats[] {
    return this.#calls.stats()
  }

  #tellUncacheable(plugin: string | undefined): void {
    if (plugin === undefined || this.#toldUncacheable || !this.#uncacheable.listened) return
    this.#toldUncacheable = true
    this.#uncacheable.emit({ plugin })
  }
}

const NO_WATCHES: WatchSink = { addWatchFile: () => {}, addWatchDir: () => {} }

function isFused(plugin: CheckedPlugin): plugin is CheckedFusedPlugin {
  return plugin.shape === 'fused'
}

function isRaw(plugin: CheckedPlugin): plugin is CheckedEsbuildPlugin {
  return plugin.shape === 'esbuild'
}

/** A plugin with runtime hooks alone changes no artifact: it needs no key and costs no build. */
function takesPartInBuilds(plugin: CheckedPlugin): boolean {
  if (plugin.shape === 'esbuild') return true
  const { resolveId, load, transform, buildStart, buildEnd } = plugin.plugin
  return [resolveId, load, transform, buildStart, buildEnd].some((hook) => hook !== undefined)
}

/** @throws SomonError SOMON_BUNDLE_PLUGIN_INVALID when the key function gives no text */
function keyOf(plugin: CheckedPlugin): string | undefined {
  const { cacheKey } = plugin.inputs
  if (typeof cacheKey !== 'function') return cacheKey
  const key: unknown = cacheKey()
  if (typeof key === 'string') return key
  throw pluginInvalid({
    plugin: plugin.name,
    reason: `its "cacheKey" returned a value of type ${typeof key}; expected a text`,
  })
}

function unique(values: readonly string[]): readonly string[] {
  return [...new Set(values)]
}

function textOf(contents: string | Uint8Array | undefined): string {
  return typeof contents === 'string' ? contents : Buffer.from(contents ?? []).toString()
}
