import type { SystemStats } from './module-system-api.ts'
import type { Wired } from './wire.ts'

/** Reads the counters of every part at one moment. */
export function systemStats(wired: Wired): SystemStats {
  const retired = wired.evaluator.retired()
  const { cache, queued, building } = wired.loader.stats()
  return {
    modules: {
      live: wired.registry.size,
      retired: retired.length,
      leaked: retired.filter((generation) => generation.leaked).length,
    },
    loads: { ...wired.registry.counts, queued, building },
    cache,
    bundler: wired.bundler.stats(),
    plugins: wired.plugins.isReady ? wired.plugins.host.stats() : [],
    retired,
  }
}
