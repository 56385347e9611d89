import { realpathSync, statSync } from 'node:fs'
import { homedir } from 'node:os'
import { systemClock, type Clock } from '../base/clock.ts'
import { EventHub } from '../base/events.ts'
import type { BuildOptions } from '../bundle/build-options.ts'
import type { Bundler } from '../bundle/bundler.ts'
import { Fingerprints } from '../bundle/fingerprint.ts'
import type { BundleOptions, BundleResult } from '../bundle/output.ts'
import type { DiskTier } from '../cache/disk.ts'
import { cacheDir } from '../cache/location.ts'
import { bootId } from '../cache/sighting.ts'
import { environmentValue, processEnvironment } from '../config/env.ts'
import type { Settings } from '../config/settings.ts'
import { importRefused } from '../evaluate/errors.ts'
import { createEvaluator, type Evaluator } from '../evaluate/evaluator.ts'
import type { SourceImport } from '../evaluate/imports.ts'
import { createLoader, type Loader } from '../load/loader.ts'
import { AfterLoad } from '../module/after-load.ts'
import type { ModuleParts } from '../module/module-parts.ts'
import { ModuleRegistry } from '../module/module-registry.ts'
import type { WatchSession } from '../module/watch-session.ts'
import type { ResolveOptions, Resolver } from '../resolve/resolution.ts'
import { createResolver } from '../resolve/resolver.ts'
import type { FileBundler } from './bundle-files.ts'
import { openDiskCache } from './disk-cache.ts'
import { entryList } from './entry-list.ts'
import { rootMissing } from './errors.ts'
import type { SystemEvents } from './events.ts'
import { ImportGuards } from './import-guards.ts'
import { lazyBundler } from './lazy-bundler.ts'
import type { LiveSettings } from './live-settings.ts'
import type { WatchOptions } from './module-system-api.ts'
import { PackageMemory } from './package-memory.ts'
import { processConditions } from './process-conditions.ts'
import { MAIN_OWNER, SystemGuards } from './system-guards.ts'
import { SystemPlugins } from './system-plugins.ts'

/** The parts of one system, connected. */
export interface Wired {
  /** The real path of the project root. */
  readonly root: string
  readonly clock: Clock
  readonly hub: EventHub<SystemEvents>
  readonly guards: SystemGuards
  readonly resolver: Resolver
  readonly disk: DiskTier
  readonly bundler: Bundler
  readonly loader: Loader
  readonly evaluator: Evaluator
  readonly plugins: SystemPlugins
  readonly modules: ModuleParts
  readonly registry: ModuleRegistry
  bundle(entries: readonly string[], options: BundleOptions): Promise<BundleResult>
  openSession(options: WatchOptions, onClose: () => void): Promise<WatchSession>
  /** What ends the parts, by name, in the order in which it has to happen. */
  readonly closing: readonly (readonly [name: string, stop: () => unknown])[]
}

/**
 * Connects the parts of one system; starts nothing, and reads nothing but the root's real path.
 *
 * @param ownerOfRest - whose are the calls that no module makes; undefined for nobody's
 * @throws SomonError SOMON_SYSTEM_ROOT_MISSING
 */
export function wire(live: LiveSettings, ownerOfRest: string | undefined): Wired {
  const settings = { ...live.current, root: realRoot(live.current.root) }
  const clock = systemClock
  const hub = new EventHub<SystemEvents>()
  const disk = wireDisk(settings, hub, clock)
  const memory = new PackageMemory({ root: settings.root, clock, disk, bootId })
  const resolver = createResolver(resolveOptions(settings), { events: hub, memory })
  // The evaluator and the registry come later because they need others; they are reached when code
  // runs.
  const later: { evaluator?: Evaluator; registry?: ModuleRegistry } = {}
  const guards = wireGuards(live, { clock, hub }, () => later.evaluator, ownerOfRest)
  const plugins = new SystemPlugins(settings.plugins, {
    root: settings.root,
    clock,
    events: hub,
    guard: guards.guardOf(MAIN_OWNER),
    hookTimeoutMs: settings.loading.hookTimeoutMs,
  })
  const shared = { settings, clock, hub, guards, resolver, plugins, disk }
  const bundler = wireBundler(shared)
  const loader = wireLoader(shared, bundler)
  const files = lazyFileBundler(shared)
  const evaluator = wireEvaluator(shared, loader, () => later.registry)
  later.evaluator = evaluator
  const modules = wireModules(shared, loader, evaluator)
  const registry = new ModuleRegistry(modules)
  later.registry = registry
  endGuardsOfGone(shared, registry)
  return {
    root: settings.root,
    ...{ clock, hub, guards, resolver, disk, bundler },
    ...{ loader, evaluator, plugins, modules, registry },
    bundle: (entries, options) => files.bundle(entries, options),
    openSession: (options, onClose) =>
      openSession(settings, { modules, registry, clock, hub }, options, onClose),
    closing: [
      ['leak watch', () => evaluator.endWatch()],
      ['code caches', () => modules.afterLoad.close()],
      ['modules', () => registry.close()],
      ['loads', () => loader.close()],
      ['builds', () => bundler.close()],
      ['output builds', () => files.close()],
      ['guards', () => guards.dispose()],
      ['package lists', () => memory.close()],
      ['disk cache', () => disk.close()],
      ['evaluation', () => evaluator.close()],
      ['listeners', () => hub.clear()],
    ],
  }
}

/** Output builds are a part that most systems never use: it is imported by the first one. */
function lazyFileBundler({ settings, clock, hub, disk, plugins }: Shared): FileBundler {
  let made: Promise<FileBundler> | undefined
  const make = async (): Promise<FileBundler> => {
    const { createFileBundler } = await import('./bundle-files.ts')
    return createFileBundler({
      ...{ settings, clock, hub, disk },
      plugins: () => plugins.host,
      resolveOptions: resolveOptions(settings),
    })
  }
  return {
    async bundle(entries, options) {
      made ??= make().catch((error: unknown) => {
        made = undefined
        throw error
      })
      return (await made).bundle(entries, options)
    },
    async close() {
      await (await made)?.close()
    },
  }
}

/** Everything below compares real paths, so the root has to be one. */
function realRoot(root: string): string {
  let real: string
  try {
    real = realpathSync.native(root)
  } catch (cause) {
    throw rootMissing({ root }, { cause })
  }
  if (!statSync(real).isDirectory()) throw rootMissing({ root })
  return real
}

interface Shared {
  readonly settings: Settings
  readonly clock: Clock
  readonly hub: EventHub<SystemEvents>
  readonly guards: SystemGuards
  readonly resolver: Resolver
  readonly plugins: SystemPlugins
  readonly disk: DiskTier
}

/** What the settings say about finding modules. */
export function resolveOptions({ root, loading, guard }: Settings): ResolveOptions {
  const { packages, inline, externalPolicy, allowedSources, alias, tsconfig } = loading
  const started = processConditions(process.execArgv, environmentValue('NODE_OPTIONS'))
  return {
    externals: [...loading.externals, ...packagesWithFunctions(guard)],
    ...{ root, packages, inline, externalPolicy, allowedSources, alias },
    conditions: [...new Set([...loading.conditions, ...started])],
    tsconfig: tsconfig ?? undefined,
  }
}

/** Their calls are guarded where imports are bound, so they have to stay imports. */
function packagesWithFunctions({ dependencies }: Settings['guard']): readonly string[] {
  return Object.values(dependencies)
    .filter(({ functions = [] }) => functions.length > 0)
    .flatMap(({ match = [] }) => match)
}

function wireGuards(
  live: LiveSettings,
  { clock, hub }: Pick<Shared, 'clock' | 'hub'>,
  evaluator: () => Evaluator | undefined,
  ownerOfRest: string | undefined,
): SystemGuards {
  return new SystemGuards({
    ...{ clock, events: hub, ownerOfRest },
    settings: () => live.current.guard,
    ownerNow: () => evaluator()?.ownerNow(),
  })
}

/** A module may be live again: a load does not wait for the end of the one before it. */
function endGuardsOfGone({ hub, guards }: Shared, registry: ModuleRegistry): void {
  hub.on('module.disposed', ({ module }) => {
    if (registry.find(module) === undefined) guards.registry.disposeOwner(module)
  })
}

function wireDisk(settings: Settings, hub: EventHub<SystemEvents>, clock: Clock): DiskTier {
  const { mode, maxBytes, maxAgeMs, dir } = settings.cache.disk
  const location = {
    root: settings.root,
    configured: dir ?? undefined,
    xdgCacheHome: environmentValue('XDG_CACHE_HOME'),
    home: homedir(),
  }
  const secret = settings.cache.secret ?? undefined
  return openDiskCache({ dir: cacheDir(location), mode, maxBytes, maxAgeMs, secret }, hub, clock)
}

function wireLoader(shared: Shared, bundler: Bundler): Loader {
  const { settings, resolver, disk, clock, hub } = shared
  const { cache, loading } = settings
  return createLoader({
    ...{ bundler, resolver, disk, clock, events: hub },
    options: buildOptions(settings),
    external: () => undefined,
    env: environmentValue,
    settings: {
      maxEntries: cache.maxEntries,
      maxBytes: cache.maxBytes,
      ttlMs: cache.ttlMs,
      maxConcurrentBuilds: loading.maxConcurrentBuilds,
      maxQueued: loading.maxQueued,
      validate: cache.disk.validate,
    },
  })
}

function buildOptions(settings: Settings): BuildOptions {
  const { root, loading, bundle } = settings
  return {
    root,
    resolve: resolveOptions(settings),
    target: `node${process.versions.node}`,
    define: bundle.define,
    loader: {},
    sourceMaps: loading.sourceMaps,
  }
}

function wireBundler({ settings, clock, hub, resolver, plugins }: Shared): Bundler {
  const fingerprints = new Fingerprints()
  return lazyBundler(
    async () => {
      const { createBundler } = await import('../bundle/bundler.ts')
      return createBundler({
        ...{ clock, resolver, events: hub },
        plugins: plugins.host,
        limits: settings.bundle,
        env: processEnvironment(),
      })
    },
    (options) => fingerprints.of(options, plugins.host, resolver.inlineNames()),
  )
}

function wireEvaluator(
  { settings, clock, hub, guards, resolver, plugins }: Shared,
  loader: Loader,
  registry: () => ModuleRegistry | undefined,
): Evaluator {
  const { root, loading } = settings
  return createEvaluator({
    ...{ root, clock, events: hub, ledger: loading.ledger },
    guards: new ImportGuards(guards, hub, (file) => resolver.versionOf(file)),
    resolve: (specifier, importer, kind) => resolver.resolve(specifier, importer, kind),
    staticImports: async (file) => {
      const { staticImportsOf } = await import('../bundle/static-imports.ts')
      return staticImportsOf(file)
    },
    importSource: async (request) => {
      refuseOtherType(request)
      const module = await registry()?.load(request.file, {})
      return module?.exports ?? {}
    },
    leakWarnMs: () => loading.leakWarnMs,
    disposeTimeoutMs: DISPOSE_TIMEOUT_MS,
    map: (artifactId) => loader.mapSync(artifactId),
    awaitMap: (artifact) => loader.map(artifact),
    inspected: isInspected,
    sourceText: (artifact, file) => loader.sourceText(artifact, file),
    extendMeta: (meta, generation) => plugins.host.instantiate(meta, generation),
    onFetch: () => guards.beforeFetch(),
    onInvalidate: (entry) => void registry()?.find(entry)?.reload(),
  })
}

function wireModules(
  { settings, clock, hub, plugins }: Shared,
  loader: Loader,
  evaluator: Evaluator,
): ModuleParts {
  return {
    ...{ loader, evaluator, clock, events: hub },
    plugins: () => plugins.host,
    limits: settings.loading,
    checks: new Set(),
    afterLoad: new AfterLoad({ clock, loader, evaluator }),
    reloadable: settings.loading.ledger !== 'off',
    sourceMaps: settings.loading.sourceMaps,
    sweeps: settings.loading.ledger === 'dispose',
  }
}

async function openSession(
  settings: Settings,
  parts: {
    readonly modules: ModuleParts
    readonly registry: ModuleRegistry
    readonly clock: Clock
    readonly hub: EventHub<SystemEvents>
  },
  options: WatchOptions,
  onClose: () => void,
): Promise<WatchSession> {
  const { createWatcher } = await import('../watch/watcher.ts')
  const { longestDelayMs } = await import('../watch/debounce.ts')
  const { openWatchSession } = await import('../module/watch-session.ts')
  const { modules, registry, clock, hub } = parts
  const { watchDebounceMs, watchPollMs } = settings.loading
  const { verify, debounceMs = watchDebounceMs } = options
  return openWatchSession({
    ...{ modules, registry, onClose, root: settings.root },
    watcher: createWatcher({
      ...{ clock, events: hub },
      debounceMs,
      maxDelayMs: longestDelayMs(debounceMs),
      pollMs: watchPollMs,
    }),
    entries:
      options.entries === undefined
        ? undefined
        : entryList(options.entries).map((entry) => modules.loader.entryOf(entry)),
    verify: verify && ((namespace, _generation, signal) => verify(namespace, signal)),
  })
}

/**
 * Tells whether a debugger is attached: by a flag, or because somebody opened the inspector.
 *
 * Asking the inspector costs a start 2 ms, so it is asked only when a flag names it or it is
 * loaded already; Node lists what is, in a property without a type. One that SIGUSR1 has opened
 * is not seen.
 */
function isInspected(): boolean {
  const args = [...process.execArgv, environmentValue('NODE_OPTIONS') ?? '']
  const { moduleLoadList } = process as { moduleLoadList?: readonly string[] }
  const isLoaded = moduleLoadList?.includes('NativeModule inspector') !== false
  if (!isLoaded && !args.some((arg) => arg.includes('--inspect'))) return false
  return process.getBuiltinModule('node:inspector').url() !== undefined
}

/** An entry is built by its extension, so an attribute cannot make it something else. */
function refuseOtherType({ file, importer, attributes }: SourceImport): void {
  const { type } = attributes
  if (type === undefined || (type === 'json' && file.endsWith('.json'))) return
  const reason = `an import() of an expression takes a file by its extension, not as "${type}"`
  const fix = 'Write an import declaration with the attribute, or read the file'
  throw importRefused({ importer, specifier: file, reason }, { fix })
}

/** How long one `hot.dispose` hook may take; the swap stands in any case. */
const DISPOSE_TIMEOUT_MS = 5_000
