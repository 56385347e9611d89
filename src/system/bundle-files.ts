import { canonicalJson } from '../base/canonical-json.ts'
import type { Clock } from '../base/clock.ts'
import { isSomonError } from '../base/error.ts'
import type { EventHub } from '../base/events.ts'
import { fromRelPath } from '../base/project-path.ts'
import type { EsbuildService } from '../bundle/esbuild.ts'
import { ESBUILD_VERSION } from '../bundle/esbuild-version.ts'
import type { BundleOptions, BundleResult } from '../bundle/output.ts'
import type { OutputBuild, OutputEngine } from '../bundle/output-build.ts'
import type { PluginHost } from '../bundle/plugin-host.ts'
import type { DiskTier } from '../cache/disk.ts'
import { environmentValue, processEnvironment } from '../config/env.ts'
import type { Settings } from '../config/settings.ts'
import { createSyncFs } from '../load/sync-fs.ts'
import { isPolicy, type ResolvePolicy } from '../resolve/policy.ts'
import type { ResolveOptions } from '../resolve/resolution.ts'
import { createResolver } from '../resolve/resolver.ts'
import type { OutputCache } from './bundle-outputs.ts'
import { bundleOutputs } from './bundle-outputs.ts'
import type { SystemEvents } from './events.ts'
import { createOutputCache } from './output-cache.ts'
import { outputDefaults } from './output-defaults.ts'

/** What the output builds of one system share. */
export interface FileBundlerParts {
  readonly settings: Settings
  readonly clock: Clock
  readonly hub: EventHub<SystemEvents>
  readonly disk: DiskTier
  readonly plugins: () => PluginHost
  readonly resolveOptions: ResolveOptions
}

/** `ModuleSystem.bundle()`: output builds through esbuild's service, with the system's plugins. */
export interface FileBundler {
  bundle(entries: readonly string[], options: BundleOptions): Promise<BundleResult>
  close(): Promise<void>
}

/** Makes it; esbuild is imported at the first build. */
export function createFileBundler(parts: FileBundlerParts): FileBundler {
  const { settings, clock } = parts
  let service: EsbuildService | undefined
  const engine: OutputEngine = async (build, signal) => {
    const { EsbuildService: Service } = await import('../bundle/esbuild.ts')
    const { createServiceEngine } = await import('../bundle/service-build.ts')
    service ??= new Service({
      limits: settings.bundle,
      recycled: parts.hub.channel('bundle.service-recycled'),
      env: processEnvironment(),
    })
    const plugins = parts.plugins()
    return createServiceEngine({
      ...{ service, plugins, policy: settings.loading },
      resolverFor: (output) => createResolver(resolveFor(parts, output), { events: parts.hub }),
    })(build, signal)
  }
  return {
    bundle: (entries, options) =>
      reported(parts, entries, () =>
        bundleOutputs(entries, options, {
          ...{ root: settings.root, clock, engine },
          defaults: outputDefaults(settings),
          cache: cacheFor(parts),
        }),
      ),
    async close() {
      await service?.close()
    },
  }
}

/** Tells the hub of builds that were made; an unchanged repeat is none. */
async function reported(
  { hub, clock }: FileBundlerParts,
  entries: readonly string[],
  build: () => Promise<BundleResult>,
): Promise<BundleResult> {
  const finished = hub.channel('bundle.finished')
  const failed = hub.channel('bundle.failed')
  const startedAt = clock.elapsed()
  try {
    const result = await build()
    if (!finished.listened || result.cached) return result
    for (const { entry, bytes } of result.outputs) {
      if (entry === undefined) continue
      const inputs = Object.keys(result.metafile.inputs).length
      const { durationMs, warnings } = result
      const facts = { durationMs, bytes, inputs, warnings: warnings.length }
      finished.emit({ entry, purpose: 'output', ...facts })
    }
    return result
  } catch (error) {
    if (failed.listened && isSomonError(error)) {
      const durationMs = clock.elapsed() - startedAt
      failed.emit({ entry: entries.join(', '), purpose: 'output', durationMs, error })
    }
    throw error
  }
}

/**
 * A build with plugins is always made: what they read is known to them alone, and an output build
 * has no reader that would note it.
 */
function cacheFor({ settings, clock, disk, plugins }: FileBundlerParts): OutputCache | undefined {
  if (plugins().active) return undefined
  return createOutputCache({
    ...{ disk, clock },
    fs: createSyncFs(settings.root, environmentValue),
    validate: settings.cache.disk.validate,
    madeBy: [`esbuild ${ESBUILD_VERSION}`, ...policyKey(settings.loading)],
  })
}

/** What was built before a policy was set has not been judged by it. */
function policyKey({ allowedSources, externalPolicy }: ResolvePolicy): readonly string[] {
  if (!isPolicy({ allowedSources, externalPolicy })) return []
  return [canonicalJson({ allowedSources, externalPolicy })]
}

function resolveFor({ resolveOptions }: FileBundlerParts, build: OutputBuild): ResolveOptions {
  const { packages, external, inline, alias, conditions, root, tsconfig } = build
  return {
    ...resolveOptions,
    ...{ packages, inline, alias, conditions, externals: external },
    tsconfig: tsconfig === undefined ? undefined : fromRelPath(root, tsconfig),
  }
}
