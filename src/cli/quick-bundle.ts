import { homedir } from 'node:os'
import { systemClock } from '../base/clock.ts'
import { expectMuchToHash } from '../base/digest.ts'
import { isSomonError } from '../base/error.ts'
import { EventHub } from '../base/events.ts'
import type { EsbuildBinary } from '../bundle/esbuild-binary.ts'
import { findEsbuildBinary } from '../bundle/esbuild-binary.ts'
import type { BundleOptions, BundleResult } from '../bundle/output.ts'
import type { OutputDefaults } from '../bundle/output-build.ts'
import { completeOutputBuild, isNativeBuild, OUTPUT_DEFAULTS } from '../bundle/output-build.ts'
import { withMappingHints } from '../bundle/output-failure.ts'
import type { CacheEvents } from '../cache/events.ts'
import { cacheDir } from '../cache/location.ts'
import { createSyncFs } from '../load/sync-fs.ts'
import type { ValidateMode } from '../load/validate.ts'
import { bundleOutputs } from '../system/bundle-outputs.ts'
import type { DiskCacheOptions } from '../system/disk-cache.ts'
import { openDiskCache } from '../system/disk-cache.ts'
import { createOutputCache } from '../system/output-cache.ts'
import type { CliHost } from './host.ts'
import { CACHE_DIR_VARIABLE } from './project.ts'

/** The settings `cache.disk.*` of a project without configuration; a test holds them to the table. */
export const QUICK_CACHE: Pick<DiskCacheOptions, 'mode' | 'maxBytes' | 'maxAgeMs'> = Object.freeze({
  mode: 'readwrite',
  maxBytes: 2 * 2 ** 30,
  maxAgeMs: 30 * 86_400e3,
})

/** Where the disk cache of a project without configuration lies. */
export function quickCacheDir(host: CliHost, root: string): string {
  const { [CACHE_DIR_VARIABLE]: configured, XDG_CACHE_HOME: xdgCacheHome } = host.env
  return cacheDir({ root, configured, xdgCacheHome, home: homedir() })
}

/** What a bundle without plugins depends on; a project without configuration has the defaults. */
export interface QuickSettings {
  readonly defaults: OutputDefaults
  readonly cache: DiskCacheOptions
  readonly validate: ValidateMode
}

/** The settings of a project that has none. */
export function quickSettings(host: CliHost, root: string): QuickSettings {
  const cache = { dir: quickCacheDir(host, root), ...QUICK_CACHE, secret: undefined }
  return { defaults: OUTPUT_DEFAULTS, cache, validate: 'stat' }
}

/** A bundle that esbuild's program and the disk cache suffice for. */
export interface QuickBundle extends QuickRequest {
  readonly binary: EsbuildBinary
}

/** What is asked for. */
export interface QuickRequest {
  readonly root: string
  readonly entries: readonly string[]
  readonly options: BundleOptions
  readonly settings: QuickSettings
}

/** Returns undefined when the build needs more than esbuild's program. */
export function planQuickBundle(request: QuickRequest): QuickBundle | undefined {
  const { root, entries, options, settings } = request
  const build = completeOutputBuild(root, entries, options, settings.defaults)
  const binary = isNativeBuild(build) ? findEsbuildBinary() : undefined
  return binary && { ...request, binary }
}

/** Bundles with esbuild's program and the disk cache; nothing else is imported. */
export async function quickBundle(
  host: CliHost,
  { root, entries, options, settings, binary }: QuickBundle,
): Promise<BundleResult> {
  // Outputs are hashed by every run, and inputs by most.
  expectMuchToHash()
  const disk = openDiskCache(settings.cache, new EventHub<CacheEvents>(), systemClock)
  const cache = createOutputCache({
    disk,
    fs: createSyncFs(root, (name) => host.env[name]),
    clock: systemClock,
    validate: settings.validate,
    madeBy: [`esbuild ${binary.version}`],
  })
  try {
    return await bundleOutputs(entries, options, {
      root,
      defaults: settings.defaults,
      // What starts processes takes 4 ms to import, and a repeat starts none.
      async engine(complete) {
        const { runNativeBuild } = await import('../bundle/native-build.ts')
        try {
          return runNativeBuild(binary, complete, host.env)
        } catch (thrown) {
          if (!isSomonError(thrown)) throw thrown
          throw await withMappingHints(thrown, async (names) => {
            const { outputHints } = await import('../bundle/output-hints.ts')
            return outputHints(complete, names)
          })
        }
      },
      cache,
      clock: systemClock,
    })
  } finally {
    await disk.close()
  }
}
