import { toRelPath } from '../base/project-path.ts'
import type { BundleOptions } from '../bundle/output.ts'
import { DEFAULT_OUTDIR } from '../bundle/output-build.ts'
import type { OneBundle } from './bundle-once.ts'
import { bundleEntries, readBundleOptions, withGraph } from './bundle-options.ts'
import type { ModuleSystemApi } from '../system/module-system-api.ts'
import type { CommandContext } from './command.ts'
import type { OpenProject } from './open-project.ts'
import { findProject } from './project.ts'
import type { QuickSettings } from './quick-bundle.ts'
import { planQuickBundle, quickBundle, quickSettings } from './quick-bundle.ts'

/** A bundle that can be made, once or again and again. */
export interface PreparedBundle extends OneBundle, AsyncDisposable {
  readonly entries: readonly string[]
  readonly debounceMs: number
  /** 0 means file events. */
  readonly pollMs: number
}

/**
 * Decides how a bundle is made: by esbuild's program where that suffices, else by a system with
 * the plugins and the policy of the project. Settings are read only when the project has any.
 *
 * @param writes - false keeps the outputs in memory unless a flag says where they go
 */
export async function prepareBundle(
  context: CommandContext,
  writes = true,
): Promise<PreparedBundle> {
  const { host, flags, operands } = context
  const { root, configured } = findProject(host, flags)
  const watches = flags.has('watch') || !writes
  if (!configured && !watches) {
    const options = withGraph(flags, readBundleOptions(context, root, DEFAULT_OUTDIR))
    const entries = bundleEntries(operands, host.cwd, root)
    const settings = quickSettings(host, root)
    return prepared(context, { root, entries, options, settings, debounceMs: 0, pollMs: 0 })
  }
  const { readProject } = await import('./open-project.ts')
  const { outputDefaults } = await import('../system/output-defaults.ts')
  const { cacheOptions } = await import('./project-cache.ts')
  const { isPolicy } = await import('../resolve/policy.ts')
  const { settings } = await readProject(context, { profile: 'bundle' })
  const outdir = toRelPath(settings.root, settings.bundle.outdir)
  return prepared(context, {
    root: settings.root,
    entries: bundleEntries(operands, host.cwd, settings.root),
    options: watches
      ? readBundleOptions(context, settings.root, writes ? outdir : undefined)
      : withGraph(flags, readBundleOptions(context, settings.root, outdir)),
    settings:
      settings.plugins.length > 0 || isPolicy(settings.loading)
        ? undefined
        : {
            defaults: outputDefaults(settings),
            cache: cacheOptions(settings, host),
            validate: settings.cache.disk.validate,
          },
    debounceMs: settings.loading.watchDebounceMs,
    pollMs: settings.loading.watchPollMs,
  })
}

interface Plan {
  readonly root: string
  readonly entries: readonly string[]
  readonly options: BundleOptions
  /** Undefined when plugins take part, or a policy says where code may come from. */
  readonly settings: QuickSettings | undefined
  readonly debounceMs: number
  readonly pollMs: number
}

function prepared(context: CommandContext, plan: Plan): PreparedBundle {
  const { root, entries, options, settings, debounceMs, pollMs } = plan
  const system = lazySystem(context)
  const quick = settings && planQuickBundle({ root, entries, options, settings })
  return {
    ...{ root, entries, options, debounceMs, pollMs },
    build: async () =>
      quick === undefined
        ? (await system.get()).bundle(entries, options)
        : quickBundle(context.host, quick),
    [Symbol.asyncDispose]: () => system.close(),
  }
}

/** The system of a build that needs plugins; made for the first build, kept for later ones. */
function lazySystem(context: CommandContext): {
  get(): Promise<ModuleSystemApi>
  close(): Promise<void>
} {
  let opened: Promise<OpenProject> | undefined
  return {
    async get() {
      opened ??= import('./open-project.ts').then(({ openProject }) =>
        openProject(context, { profile: 'bundle' }),
      )
      return (await opened).system
    },
    async close() {
      await (await opened)?.[Symbol.asyncDispose]()
    },
  }
}
