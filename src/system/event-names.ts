import type { SystemEvents } from './events.ts'

/** Types are gone at run time; the compiler keeps this table complete and free of others. */
const EVENTS: Readonly<Record<keyof SystemEvents, true>> = {
  'artifact.failed': true,
  'artifact.finished': true,
  'artifact.started': true,
  'artifact.store-failed': true,
  'bundle.failed': true,
  'bundle.finished': true,
  'bundle.service-recycled': true,
  'cache.corrupt': true,
  'cache.evicted': true,
  'cache.hit': true,
  'cache.miss': true,
  'cache.pressure': true,
  'cache.readonly': true,
  'evaluate.failed': true,
  'evaluate.finished': true,
  'generation.collected': true,
  'generation.leaked': true,
  'generation.retired': true,
  'load.failed': true,
  'load.finished': true,
  'load.started': true,
  'module.disposed': true,
  'module.healed': true,
  'module.loaded': true,
  'module.reload-failed': true,
  'module.reloaded': true,
  'module.unchanged': true,
  'plugin.failed': true,
  'plugin.uncacheable': true,
  'resolve.failed': true,
  'watch.changed': true,
  'watch.failed': true,
  'watch.overflow': true,
}

/** The name of every event of a system. */
export const eventNames: readonly string[] = Object.keys(EVENTS)
