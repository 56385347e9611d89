import type { Clock } from '../../../src/base/clock.ts'
import { EventHub } from '../../../src/base/events.ts'
import { unguarded } from '../../../src/base/guard.ts'
import type { Bundler } from '../../../src/bundle/bundler.ts'
import { createBundler } from '../../../src/bundle/bundler.ts'
import type { SomonPlugin } from '../../../src/bundle/plugin.ts'
import { createPluginHost } from '../../../src/bundle/plugins.ts'
import type { Resolver } from '../../../src/resolve/resolution.ts'

/** The real bundler with real plugins, without the settings a test of `load` does not care for. */
export function createTestBundler(parts: {
  readonly root: string
  readonly resolver: Resolver
  readonly clock: Clock
  readonly env: Readonly<Record<string, string | undefined>>
  readonly plugins: readonly SomonPlugin[]
}): Bundler {
  const { root, resolver, clock, env } = parts
  const plugins = createPluginHost(parts.plugins, {
    root,
    clock,
    events: new EventHub(),
    guard: unguarded,
    hookTimeoutMs: 30_000,
  })
  return createBundler({
    clock,
    events: new EventHub(),
    resolver,
    plugins,
    limits: { serviceMaxRssBytes: 512 * 2 ** 20, hotContexts: 4 },
    env: { ...process.env, ...env },
  })
}
