import type { DependencyGuard } from '../dependency-guard.ts'
import type { GuardSettings } from '../settings.ts'
import type { EdgeHost } from './edge.ts'

/** The ways out whose calls run already when a guard sees them. */
type Via = 'http' | 'socket'

/**
 * Tells once of each guard which of its settings cannot act on calls of one way out.
 *
 * Only settings that are off unless somebody switches them on: the queue of the bulkhead is part
 * of every guard, and nobody asked for it here.
 */
export class UnsupportedStages {
  readonly #host: EdgeHost
  readonly #via: Via
  readonly #seen = new WeakMap<DependencyGuard, GuardSettings>()
  readonly #told = new WeakMap<DependencyGuard, Set<string>>()

  constructor(host: EdgeHost, via: Via) {
    this.#host = host
    this.#via = via
  }

  /** To be called with each guard that is used; settings that have not changed cost a look-up. */
  tell(guard: DependencyGuard): void {
    const { settings } = guard
    if (this.#seen.get(guard) === settings) return
    this.#seen.set(guard, settings)
    let told = this.#told.get(guard)
    if (told === undefined) this.#told.set(guard, (told = new Set()))
    for (const stage of idleStages(settings, this.#via)) {
      if (told.has(stage)) continue
      told.add(stage)
      this.#host.unsupported(guard, stage, this.#via)
    }
  }
}

function idleStages({ retry, rate }: GuardSettings, via: Via): readonly string[] {
  const stages: string[] = []
  if (retry.max > 0) stages.push('retry')
  if (via === 'socket' && rate.perSecond > 0) stages.push('rate')
  if (via === 'http' && rate.perSecond > 0 && rate.waitMs > 0) stages.push('rate.waitMs')
  return stages
}
