import { errorOfThrown, messageOfError, type HookPlace } from './plugin-message.ts'
import { pluginOption } from './errors.ts'
import type {
  EsbuildBuild,
  OnLoadArgs,
  OnLoadCallback,
  OnLoadResult,
  OnResolveCallback,
} from './esbuild-build.ts'
import type { EsbuildPlugin } from './esbuild.ts'
import type { RememberErrors } from './end-errors.ts'
import type { PluginCalls } from './plugin-calls.ts'
import type { CheckedEsbuildPlugin } from './plugin-check.ts'
import type { WatchSink } from './plugin-host.ts'

/** What surrounds one esbuild plugin in one build. */
export interface RawParts {
  readonly root: string
  readonly calls: PluginCalls
  readonly watches: WatchSink
  readonly remember: RememberErrors
  /** True for artifacts: the options that decide their form are the pipeline's. */
  readonly ownsOptions: boolean
  /** Names the fused plugins whose transforms would have seen a file that was claimed. */
  hiddenTransforms(args: OnLoadArgs, result: OnLoadResult): Promise<readonly string[]>
}

/**
 * Wraps an esbuild plugin: it does what it always does, with its callbacks timed, under the
 * deadline, its errors named, and the files it watches recorded as inputs.
 */
export function wrapEsbuildPlugin(checked: CheckedEsbuildPlugin, parts: RawParts): EsbuildPlugin {
  const { name } = checked
  return {
    name,
    setup: async (build) => {
      const before = parts.ownsOptions ? ownedOptions(build) : undefined
      const place = { root: parts.root, plugin: name, hook: 'setup' }
      await parts.calls.run(checked, place, () =>
        checked.plugin.setup(wrapBuild(build, checked, parts)),
      )
      if (before !== undefined) refuseChanges(name, before, ownedOptions(build))
    },
  }
}

/** The options that decide what an artifact is; edits of all others are kept. */
const OWNED = [
  'bundle',
  'format',
  'write',
  'metafile',
  'splitting',
  'outdir',
  'sourcemap',
  'absWorkingDir',
] as const

function ownedOptions(build: EsbuildBuild): ReadonlyMap<string, unknown> {
  const { initialOptions: options } = build
  const values = new Map<string, unknown>(OWNED.map((name) => [name, options[name]]))
  return values.set("define['import.meta']", options.define?.['import.meta'])
}

function refuseChanges(
  plugin: string,
  before: ReadonlyMap<string, unknown>,
  after: ReadonlyMap<string, unknown>,
): void {
  for (const [option, value] of after) {
    if (value !== before.get(option)) throw pluginOption({ plugin, option })
  }
}

function wrapBuild(
  build: EsbuildBuild,
  checked: CheckedEsbuildPlugin,
  parts: RawParts,
): EsbuildBuild {
  const { calls, root } = parts
  const place = (hook: string, subject?: string): HookPlace => ({
    root,
    plugin: checked.name,
    hook,
    ...(subject !== undefined && { subject }),
  })
  const run = async <T>(at: HookPlace, task: () => T | PromiseLike<T>): Promise<T | Failure> => {
    try {
      return await calls.run(checked, at, task)
    } catch (thrown) {
      return { errors: [messageOfError(errorOfThrown(thrown, at), checked.name)] }
    }
  }
  const waiting: Messages = []
  build.onEnd(() => ({ warnings: waiting.splice(0) }))
  return {
    ...build,
    onStart: (callback) => build.onStart(() => run(place('onStart'), callback)),
    onEnd: (callback) =>
      build.onEnd(async (result) => {
        const returned = await run(place('onEnd'), () => callback(result))
        parts.remember(returned?.errors)
        return returned
      }),
    onDispose: (callback) =>
      build.onDispose(() => calls.runFreely(checked, place('onDispose'), callback)),
    onResolve: (options, callback) =>
      build.onResolve(options, async (args) => {
        const result = await run(place('onResolve', args.path), () => callback(args))
        recordWatches(result, checked.name, args.importer, parts.watches)
        return result
      }),
    onLoad: (options, callback) =>
      build.onLoad(options, loadOf(callback, run, place, waiting, checked, parts)),
  }
}

type Failure = { readonly errors: NonNullable<OnLoadResult['errors']> }
type Messages = NonNullable<OnLoadResult['warnings']>
type Run = <T>(at: HookPlace, task: () => T | PromiseLike<T>) => Promise<T | Failure>

function loadOf(
  callback: OnLoadCallback,
  run: Run,
  place: (hook: string, subject?: string) => HookPlace,
  waiting: Messages,
  checked: CheckedEsbuildPlugin,
  parts: RawParts,
): OnLoadCallback {
  return async (args) => {
    const result: Awaited<ReturnType<OnLoadCallback>> = await run(place('onLoad', args.path), () =>
      callback(args),
    )
    recordWatches(result, checked.name, args.path, parts.watches)
    if (result === null || result === undefined) return undefined
    if (result.contents === undefined && (result.errors ?? []).length === 0) {
      // esbuild would ask nobody after this answer, and read the file itself: not the hashed bytes.
      waiting.push(...(result.warnings ?? []))
      return undefined
    }
    if (result.contents === undefined || args.namespace !== 'file') return result
    const hidden = await parts.hiddenTransforms(args, result)
    if (hidden.length === 0) return result
    return {
      ...result,
      warnings: [...(result.warnings ?? []), hiddenWarning(checked.name, hidden)],
    }
  }
}

function hiddenWarning(
  claimedBy: string,
  hidden: readonly string[],
): NonNullable<OnLoadResult['warnings']>[number] {
  const names = hidden.map((name) => `"${name}"`).join(', ')
  return {
    pluginName: claimedBy,
    text:
      `Plugin "${claimedBy}" loads this file through esbuild's onLoad, so the transform of ` +
      `${names} does not see it; narrow the filter of "${claimedBy}" or give ${names} ` +
      'enforce "pre" and a load hook',
  }
}

function recordWatches(
  result: Awaited<ReturnType<OnLoadCallback>> | Awaited<ReturnType<OnResolveCallback>>,
  plugin: string,
  owner: string,
  watches: WatchSink,
): void {
  for (const file of result?.watchFiles ?? []) watches.addWatchFile(file, plugin, owner)
  for (const dir of result?.watchDirs ?? []) watches.addWatchDir(dir, plugin, owner)
}
