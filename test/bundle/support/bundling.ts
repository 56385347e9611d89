import { systemClock, type Clock } from '../../../src/base/clock.ts'
import { EventHub } from '../../../src/base/events.ts'
import type { BuildOptions } from '../../../src/bundle/build-options.ts'
import type { BuildOutcome } from '../../../src/bundle/build-outcome.ts'
import type { Bundler } from '../../../src/bundle/bundler.ts'
import { createBundler } from '../../../src/bundle/bundler.ts'
import type { BundleEvents } from '../../../src/bundle/events.ts'
import type { SomonPlugin } from '../../../src/bundle/plugin.ts'
import { createPluginHost } from '../../../src/bundle/plugins.ts'
import { unguarded } from '../../../src/base/guard.ts'
import type { BuildResolver } from '../../../src/bundle/esbuild-options.ts'
import type { ResolveOptions, Resolver } from '../../../src/resolve/resolution.ts'
import { buildOptions, resolverFor } from '../../support/build-options.ts'

/** A bundler of one root with everything real but the plugins, which a test may give. */
export interface Bundling extends AsyncDisposable {
  readonly bundler: Bundler
  readonly options: BuildOptions
  readonly events: EventHub<BundleEvents>
  readonly limits: { serviceMaxRssBytes: number; hotContexts: number }
  /** Builds entries and returns their outcomes. */
  build(...entries: string[]): Promise<readonly BuildOutcome[]>
  /** Builds one entry that has to succeed. */
  one(entry: string): Promise<Extract<BuildOutcome, { ok: true }>>
  /** Builds one entry that has to fail. */
  fail(entry: string): Promise<Extract<BuildOutcome, { ok: false }>>
}

export interface BundlingOptions {
  readonly resolve?: Partial<ResolveOptions>
  readonly build?: Partial<BuildOptions>
  readonly plugins?: readonly SomonPlugin[]
  readonly env?: NodeJS.ProcessEnv
  /** Another wall clock. */
  readonly clock?: Pick<Clock, 'now'>
  /** Puts something around the resolver. */
  readonly resolver?: (resolver: Resolver) => BuildResolver
}

export function createBundling(root: string, given: BundlingOptions = {}): Bundling {
  const options = buildOptions(root, given.build, given.resolve)
  const limits = { serviceMaxRssBytes: 512 * 2 ** 20, hotContexts: 4 }
  const events = new EventHub<BundleEvents>()
  const resolver = resolverFor({ root }, given.resolve)
  const bundler = createBundler({
    clock: { ...systemClock, ...given.clock },
    events,
    resolver: given.resolver?.(resolver) ?? resolver,
    plugins: createPluginHost(given.plugins ?? [], {
      root,
      clock: systemClock,
      events: new EventHub(),
      guard: unguarded,
      hookTimeoutMs: 0,
    }),
    limits,
    env: given.env ?? process.env,
  })
  const build: Bundling['build'] = (...entries) => bundler.build(entries, options)
  return {
    bundler,
    options,
    events,
    limits,
    build,
    async one(entry) {
      const [outcome] = await build(entry)
      if (outcome?.ok !== true) throw outcome?.error ?? new Error('no outcome')
      return outcome
    },
    async fail(entry) {
      const [outcome] = await build(entry)
      if (outcome?.ok !== false) throw new Error(`${entry} was built`)
      return outcome
    },
    [Symbol.asyncDispose]: () => bundler.close(),
  }
}
