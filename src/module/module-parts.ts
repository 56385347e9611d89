import type { Clock } from '../base/clock.ts'
import type { Emitter } from '../base/events.ts'
import type { PluginHost } from '../bundle/plugin-host.ts'
import type { Evaluator } from '../evaluate/evaluator.ts'
import type { Generation, Namespace } from '../evaluate/generation.ts'
import type { Loader } from '../load/loader.ts'
import type { AfterLoad } from './after-load.ts'
import type { ModuleEvents } from './events.ts'

/** What the modules of one system work with. */
export interface ModuleParts {
  readonly loader: Loader
  readonly evaluator: Evaluator
  /** Read at each use: plugins are imported at the first operation. */
  readonly plugins: () => PluginHost
  readonly clock: Clock
  readonly events: Emitter<ModuleEvents>
  readonly limits: ModuleLimits
  readonly afterLoad: AfterLoad
  /** The checks that watch sessions and commands add to those of the plugins. */
  readonly checks: Set<GenerationCheck>
  /** False in a plain `somon run`: then `import.meta.hot` is undefined. */
  readonly reloadable: boolean
  /** `eager`: the map is there before the code runs; `lazy`: it is made after the load. */
  readonly sourceMaps: 'none' | 'lazy' | 'eager'
  /** Whether the ledger ends what a retired generation has left, listening sockets included. */
  readonly sweeps: boolean
}

/** Bounds of the stages, in ms. */
export interface ModuleLimits {
  readonly timeoutMs: number
  readonly evaluateTimeoutMs: number
  readonly verifyTimeoutMs: number
  readonly drainTimeoutMs: number
}

/** Judges a generation that has been evaluated and does not serve yet; rejecting refuses it. */
export type GenerationCheck = (
  namespace: Namespace,
  generation: Generation,
  signal: AbortSignal,
) => void | Promise<void>
