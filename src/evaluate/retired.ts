import type { PerformanceObserver } from 'node:perf_hooks'
import type { Clock, Scheduled } from '../base/clock.ts'
import type { EventChannel } from '../base/events.ts'
import type { RelPath } from '../base/project-path.ts'
import type { EvaluateEvents } from './events.ts'
import type { RetiredGeneration } from './generation.ts'
import type { Ledger } from './ledger.ts'

/** What the watch knows of one generation; nothing in it leads to the generation's code. */
interface Watched {
  readonly module: RelPath
  readonly number: number
  readonly filename: string
  readonly ledger: Ledger | undefined
  retired: { readonly at: number; readonly elapsed: number; readonly gcs: number } | undefined
  leaked: boolean
}

/** What the watch over retired generations works with. */
export interface RetiredParts {
  readonly clock: Clock
  readonly collected: EventChannel<EvaluateEvents['generation.collected']>
  readonly leaked: EventChannel<EvaluateEvents['generation.leaked']>
  /** `loading.leakWarnMs`, read at each use because it may change; 0 switches the warning off. */
  readonly leakWarnMs: () => number
  /** Is told the script name of a generation whose code is gone. */
  readonly onCollected: (filename: string) => void
}

/**
 * Watches generations until V8 has collected them, and names those that stay.
 *
 * The watched object is the `$s` function, which the scope of every function of the module holds.
 *
 * Invariants: a generation is in `#retired` from its retirement to its collection; the observer
 * of collections runs exactly while `#retired` is not empty; a generation is named leaked once,
 * when it is older than `leakWarnMs` and two major collections have passed it by; after `close()`
 * nothing is watched.
 */
export class RetiredGenerations {
  readonly #parts: RetiredParts
  readonly #registry: FinalizationRegistry<Watched>
  readonly #watched = new WeakMap<object, Watched>()
  readonly #retired = new Set<Watched>()
  #majorGcs = 0
  #observer: PerformanceObserver | undefined
  #timer: Scheduled | undefined
  #closed = false

  constructor(parts: RetiredParts) {
    this.#parts = parts
    this.#registry = new FinalizationRegistry((watched) => this.#onCollected(watched))
  }

  /** Watches the tag from the start, because its stack entry goes with it. */
  watch(
    tag: object,
    facts: { module: RelPath; number: number; filename: string; ledger: Ledger | undefined },
  ): void {
    if (this.#closed) return
    const watched: Watched = { ...facts, retired: undefined, leaked: false }
    this.#watched.set(tag, watched)
    this.#registry.register(tag, watched)
  }

  /** Notes that a generation ought to disappear from now on. */
  retire(tag: object): void {
    const watched = this.#closed ? undefined : this.#watched.get(tag)
    if (watched === undefined || watched.retired !== undefined) return
    const { clock } = this.#parts
    watched.retired = { at: clock.now(), elapsed: clock.elapsed(), gcs: this.#majorGcs }
    this.#retired.add(watched)
    this.#observe()
    this.#plan()
  }

  list(): readonly RetiredGeneration[] {
    return [...this.#retired].map(({ module, number, retired, leaked }) => ({
      module,
      number,
      retiredAt: retired?.at ?? 0,
      leaked,
    }))
  }

  close(): void {
    this.#closed = true
    this.#rest()
    this.#retired.clear()
  }

  #onCollected(watched: Watched): void {
    this.#parts.onCollected(watched.filename)
    if (!this.#retired.delete(watched)) return
    if (this.#retired.size === 0) this.#rest()
    const { module, number, retired } = watched
    const { collected, clock } = this.#parts
    if (collected.listened && retired !== undefined) {
      collected.emit({ module, number, afterMs: clock.elapsed() - retired.elapsed })
    }
  }

  #rest(): void {
    this.#observer?.disconnect()
    this.#observer = undefined
    this.#timer?.cancel()
    this.#timer = undefined
  }

  #observe(): void {
    if (this.#observer !== undefined) return
    // Reached this way because importing it costs every start (docs/notes/node.md).
    const { PerformanceObserver: Observer } = process.getBuiltinModule('node:perf_hooks')
    this.#observer = new Observer((list) => {
      this.#majorGcs += list.getEntries().filter(isMajor).length
      this.#check()
    })
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  #plan(): void {
    const delayMs = this.#parts.leakWarnMs()
    if (this.#timer !== undefined || delayMs === 0) return
    this.#timer = this.#parts.clock.schedule(() => {
      this.#timer = undefined
      this.#check()
      if ([...this.#retired].some((watched) => !watched.leaked)) this.#plan()
    }, delayMs)
  }

  #check(): void {
    const leakWarnMs = this.#parts.leakWarnMs()
    if (leakWarnMs === 0) return
    const { clock, leaked } = this.#parts
    for (const watched of this.#retired) {
      const { retired, module, number } = watched
      if (watched.leaked || retired === undefined) continue
      const ageMs = clock.elapsed() - retired.elapsed
      if (ageMs < leakWarnMs || this.#majorGcs - retired.gcs < 2) continue
      watched.leaked = true
      if (!leaked.listened) continue
      leaked.emit({ module, number, ageMs, ledger: watched.ledger?.counts() ?? {} })
    }
  }
}

function isMajor(entry: object): boolean {
  const detail: unknown = 'detail' in entry ? entry.detail : undefined
  if (typeof detail !== 'object' || detail === null || !('kind' in detail)) return false
  const { constants } = process.getBuiltinModule('node:perf_hooks')
  return detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR
}
