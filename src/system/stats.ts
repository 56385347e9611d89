import type { SystemStats } from './module-system-api.ts'
import type { Wired } from './wire.ts'

/** Reads the counters of every part at one moment. */
export function systemStats(wired: Wired): SystemStats {
  const retired = wired.evaluator.retired()
  const { cache, queued, building } = wired.loader.stats()
  const { live, memory, disk, miss, failed } = wired.registry.counts
  return {
    modules: {
      live: wired.registry.size,
      retired: retired.length,
      leaked: retired.filter((generation) => generation.leaked).length,
    },
    loads: { live, memory, disk, miss, failed, queued, building },
    cache: { ...cache, hits: { memory: cache.hits.memory, disk: cache.hits.disk } },
    bundler: wired.bundler.stats(),
    plugins: wired.plugins.isReady ? wired.plugins.host.stats() : [],
    retired,
    guards: wired.guards.snapshot(),
  }
}
