import { randomUUID } from 'node:crypto'
import { EventHub } from '../../../src/base/events.ts'
import { systemClock } from '../../../src/base/clock.ts'
import type { Clock } from '../../../src/base/clock.ts'
import type { Bundler } from '../../../src/bundle/bundler.ts'
import type { BuildOptions } from '../../../src/bundle/build-options.ts'
import { createDiskTier } from '../../../src/cache/disk.ts'
import { bootId } from '../../../src/cache/sighting.ts'
import type { DiskTier } from '../../../src/cache/disk.ts'
import type { CacheEvents } from '../../../src/cache/events.ts'
import type { ByteTier } from '../../../src/cache/tier.ts'
import type { LoadEvents } from '../../../src/load/events.ts'
import { createLoader } from '../../../src/load/loader.ts'
import type { Loader, LoaderSettings } from '../../../src/load/loader.ts'
import { referencesOf } from '../../../src/load/manifest.ts'
import type { ResolveEvents } from '../../../src/resolve/events.ts'
import type { ResolveOptions, Resolver } from '../../../src/resolve/resolution.ts'
import { createResolver } from '../../../src/resolve/resolver.ts'
import { createTestBundler } from './bundler.ts'
import { buildOptions } from '../../support/build-options.ts'

/** What a test may set; the rest is as `system` would have it by default. */
export interface RigOptions {
  readonly cacheDir?: string
  readonly mode?: 'readwrite' | 'readonly' | 'off'
  readonly settings?: Partial<LoaderSettings>
  readonly resolve?: Partial<ResolveOptions>
  readonly build?: Partial<BuildOptions>
  readonly env?: Readonly<Record<string, string>>
  readonly clock?: Clock
  /** Uses the bundler and resolver of another rig, to save starting a service per "process". */
  readonly share?: Rig
  readonly external?: () => ByteTier | undefined
  readonly plugins?: Parameters<typeof createTestBundler>[0]['plugins']
}

/** One "process": a loader with its own memory over real parts. */
export interface Rig extends AsyncDisposable {
  readonly loader: Loader
  readonly bundler: Bundler
  readonly resolver: Resolver
  readonly disk: DiskTier
  readonly events: EventHub<LoadEvents & CacheEvents & ResolveEvents>
  readonly options: BuildOptions
}

export function createRig(root: string, rig: RigOptions = {}): Rig {
  const events = new EventHub<LoadEvents & CacheEvents & ResolveEvents>()
  const clock = rig.clock ?? systemClock
  const options = buildOptions(root, { sourceMaps: 'lazy', ...rig.build }, rig.resolve)
  const resolver = rig.share?.resolver ?? createResolver(options.resolve, { events })
  const env = (name: string): string | undefined => rig.env?.[name]
  const disk = createDiskTier({
    name: 'disk',
    dir: rig.cacheDir ?? `${root}/.cache`,
    mode: rig.mode ?? 'readwrite',
    maxBytes: 2 ** 31,
    maxAgeMs: 30 * 86_400e3,
    secret: undefined,
    referencesOf,
    bootId,
    events,
    clock,
    uniqueName: randomUUID,
  })
  const bundler =
    rig.share?.bundler ??
    createTestBundler({ root, resolver, clock, env: rig.env ?? {}, plugins: rig.plugins ?? [] })
  const loader = createLoader({
    bundler,
    resolver,
    options,
    disk,
    external: rig.external ?? (() => undefined),
    env,
    events,
    clock,
    settings: { ...SETTINGS, ...rig.settings },
  })
  return {
    loader,
    bundler,
    resolver,
    disk,
    events,
    options,
    async [Symbol.asyncDispose]() {
      await loader.close()
      await disk.close()
      if (rig.share === undefined) await bundler.close()
    },
  }
}

export const SETTINGS: LoaderSettings = {
  maxEntries: 1000,
  maxBytes: 100 * 2 ** 20,
  ttlMs: 0,
  maxConcurrentBuilds: 2,
  maxQueued: 10_000,
  validate: 'stat',
}
