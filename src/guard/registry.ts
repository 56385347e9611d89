import type { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../base/clock.ts'
import type { Emitter, EventChannel } from '../base/events.ts'
import type { Guard } from '../base/guard.ts'
import type { BreakerExport } from './breaker-export.ts'
import { DependencyGuard } from './dependency-guard.ts'
import type { GuardEvents } from './events.ts'
import type { GuardFunctions } from './functions.ts'
import type { Nesting } from './nesting.ts'
import type { GuardSettings } from './settings.ts'
import type { GuardSnapshot, ReportedState } from './snapshot.ts'

/** What a registry is made of. */
export interface RegistryParts {
  readonly clock: Clock
  /** From 0 to below 1. */
  readonly random: () => number
  readonly events: Emitter<GuardEvents>
  /** One for all guards of a system. */
  readonly nesting: AsyncLocalStorage<Nesting>
  /** The settings of one guard, all layers merged; asked again by `configure()`. */
  readonly settingsOf: (owner: string, dependency: string) => GuardSettings
  /** Declared ones are never evicted. */
  readonly isDeclared: (dependency: string) => boolean
  /** How many guards there may be; read at each use because it may change. */
  readonly maxGuards: () => number
}

/** All guards at one moment, keyed by id; the counts are of reported states. */
export interface RegistrySnapshot {
  readonly overall: Readonly<Record<'total' | ReportedKey, number>>
  readonly breakers: Readonly<Record<string, GuardSnapshot & { readonly declared: boolean }>>
}

type ReportedKey = 'closed' | 'open' | 'halfOpen' | 'isolated' | 'disabled'

/**
 * Holds the guards of one system, by owner and dependency.
 *
 * Invariants: one guard per id; the map is in order of last use, to the second; a call is never
 * left unguarded for lack of room, so the map may grow over `maxGuards`, and over twice of it only
 * while no guard is idle.
 */
export class GuardRegistry {
  readonly #parts: RegistryParts
  readonly #guards = new Map<string, { readonly guard: DependencyGuard; usedAt: number }>()
  readonly #full: EventChannel<GuardEvents['guard.registry-full']>
  readonly #evicted: EventChannel<GuardEvents['guard.evicted']>
  /** The ids of guards whose owner has gone: they outlive it because they know of trouble. */
  readonly #left = new Set<string>()
  #disposed = false

  constructor(parts: RegistryParts) {
    this.#parts = parts
    this.#full = parts.events.channel('guard.registry-full')
    this.#evicted = parts.events.channel('guard.evicted')
  }

  get size(): number {
    return this.#guards.size
  }

  /**
   * Returns the guard between an owner and a dependency; makes it at the first use.
   *
   * @param functions - asked when the guard is made
   */
  for(owner: string, dependency: string, functions?: () => GuardFunctions): DependencyGuard {
    const id = idOf(owner, dependency)
    const found = this.#guards.get(id)
    if (found !== undefined) {
      this.#left.delete(id)
      this.#touch(id, found)
      return found.guard
    }
    const { clock, random, events, nesting, settingsOf } = this.#parts
    const parts = { owner, dependency, clock, random, events, nesting, functions: functions?.() }
    const guard = new DependencyGuard(parts, settingsOf(owner, dependency))
    if (this.#disposed) guard.dispose()
    else {
      this.#makeRoom()
      this.#guards.set(id, { guard, usedAt: clock.elapsed() })
    }
    return guard
  }

  /** The function that everything of one owner calls its dependencies through. */
  guardOf(owner: string): Guard {
    return (dependency, task, call) => this.for(owner, dependency).call(task, call)
  }

  /**
   * The guards that a name means: an id, a dependency of all owners, or a declared name, which may
   * cover several dependencies, of all owners or of one (`<owner>:<name>`); empty for none.
   *
   * @param declaredName - the declared name of a dependency
   */
  find(
    name: string,
    declaredName: (dependency: string) => string | undefined = () => undefined,
  ): readonly DependencyGuard[] {
    return this.list().filter(({ owner, dependency }) =>
      namesOf(owner, dependency, declaredName(dependency)).includes(name),
    )
  }

  /** All guards, the least recently used first. */
  list(): readonly DependencyGuard[] {
    return Array.from(this.#guards.values(), ({ guard }) => guard)
  }

  /** Gives every guard the settings of now. */
  configure(): void {
    for (const guard of this.list()) {
      guard.configure(this.#parts.settingsOf(guard.owner, guard.dependency))
    }
  }

  snapshot(): RegistrySnapshot {
    this.#sweep()
    const overall = { total: 0, closed: 0, open: 0, halfOpen: 0, isolated: 0, disabled: 0 }
    const breakers: Record<string, GuardSnapshot & { declared: boolean }> = {}
    for (const [id, { guard }] of this.#guards) {
      const shown = guard.snapshot()
      breakers[id] = { ...shown, declared: this.#parts.isDeclared(guard.dependency) }
      overall.total += 1
      overall[keyOf(shown.state)] += 1
    }
    return { overall, breakers }
  }

  /** The circuits that are not closed, for an instance that goes on where this one ends. */
  export(): Readonly<Record<string, BreakerExport>> {
    const open = [...this.#guards].filter(([, { guard }]) => guard.breaker.state !== 'closed')
    return Object.fromEntries(open.map(([id, { guard }]) => [id, guard.export()]))
  }

  /**
   * Ends the guards of an owner that has gone.
   *
   * One that knows of trouble stays until that is over, or an owner of this name comes back: the
   * circuit is open or has not been closed for long, somebody isolated or disabled it, a call runs.
   */
  disposeOwner(owner: string): void {
    for (const [id, { guard }] of this.#guards) if (guard.owner === owner) this.#left.add(id)
    this.#sweep()
  }

  /** Ends all guards; those made later refuse every call. */
  dispose(): void {
    this.#disposed = true
    for (const { guard } of this.#guards.values()) guard.dispose()
    this.#guards.clear()
    this.#left.clear()
  }

  /** Inserting anew at every call would cost more than the order is worth. */
  #touch(id: string, entry: { readonly guard: DependencyGuard; usedAt: number }): void {
    const now = this.#parts.clock.elapsed()
    if (now - entry.usedAt < TOUCH_MS) return
    entry.usedAt = now
    this.#guards.delete(id)
    this.#guards.set(id, entry)
  }

  #sweep(): void {
    for (const id of this.#left) {
      const guard = this.#guards.get(id)?.guard
      if (guard !== undefined && !isRested(guard)) continue
      this.#left.delete(id)
      this.#guards.delete(id)
      guard?.dispose()
    }
  }

  #makeRoom(): void {
    const { isDeclared, maxGuards } = this.#parts
    const max = maxGuards()
    if (this.#guards.size >= max) this.#sweep()
    if (this.#guards.size < max) return
    const isSpare = ({ guard }: { guard: DependencyGuard }): boolean =>
      isRested(guard) && !isDeclared(guard.dependency)
    if (this.#evict(isSpare, 'idle')) return
    const isIdle = ({ guard }: { guard: DependencyGuard }): boolean =>
      guard.isIdle && !isDeclared(guard.dependency)
    if (this.#guards.size >= 2 * max && this.#evict(isIdle, 'forced')) return
    if (this.#full.listened) this.#full.emit({ size: this.#guards.size })
  }

  /** Lets the least recently used guard go that fits; false when none does. */
  #evict(
    fits: (entry: { readonly guard: DependencyGuard }) => boolean,
    reason: 'idle' | 'forced',
  ): boolean {
    for (const [id, entry] of this.#guards) {
      if (!fits(entry)) continue
      const { owner, dependency } = entry.guard
      this.#guards.delete(id)
      entry.guard.dispose()
      if (this.#evicted.listened) this.#evicted.emit({ owner, dependency, reason })
      return true
    }
    return false
  }
}

const TOUCH_MS = 1000

/** Nothing is lost with it: no call runs, and it remembers no trouble. */
function isRested({ isIdle, breaker }: DependencyGuard): boolean {
  return isIdle && breaker.isRested
}

/** The names that mean a guard, the weakest first: the more it names, the stronger it is. */
export function namesOf(
  owner: string,
  dependency: string,
  declared: string | undefined,
): readonly string[] {
  const id = idOf(owner, dependency)
  if (declared === undefined || declared === dependency) return [dependency, id]
  return [declared, dependency, idOf(owner, declared), id]
}

function idOf(owner: string, dependency: string): string {
  return `${owner}:${dependency}`
}

function keyOf(state: ReportedState): ReportedKey {
  return state === 'half-open' ? 'halfOpen' : state
}
