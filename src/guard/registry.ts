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
  readonly isDeclared: (dependency: string) => boolean
  /** What is kept is never evicted. */
  readonly isKept: (dependency: string) => boolean
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
 * while no guard is idle, or by a sixteenth for at most a second: making a guard costs the same
 * however many there are.
 */
export class GuardRegistry {
  readonly #parts: RegistryParts
  readonly #guards = new Map<string, { readonly guard: DependencyGuard; usedAt: number }>()
  readonly #full: EventChannel<GuardEvents['guard.registry-full']>
  readonly #evicted: EventChannel<GuardEvents['guard.evicted']>
  /** The ids of guards whose owner has gone: they outlive it because they know of trouble. */
  readonly #left = new Set<string>()
  /** How many guards were looked at beyond what those that were made allow. */
  #debt = 0
  #lookedAt = 0
  #toldFull: { readonly at: number; readonly size: number } | undefined
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

  /** Gives guards the settings of now. */
  configure(guards: readonly DependencyGuard[] = this.list()): void {
    for (const guard of guards) {
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

  /** Looking through all guards at each new one would make many of them cost its square. */
  #makeRoom(): void {
    this.#debt = Math.max(0, this.#debt - LOOKS_PER_GUARD)
    const max = this.#parts.maxGuards()
    if (this.#guards.size < max) {
      this.#toldFull = undefined
      return
    }
    const now = this.#parts.clock.elapsed()
    if (this.#debt > 0 && now - this.#lookedAt < LOOK_AGAIN_MS) return
    this.#lookedAt = now
    this.#sweep()
    if (!this.#evict(max)) this.#tellFull(now)
  }

  /** Lets go what has to, the least recently used first; false when nothing could be. */
  #evict(max: number): boolean {
    const before = this.#guards.size
    const idle: string[] = []
    for (const [id, { guard }] of this.#guards) {
      if (this.#guards.size < max) return true
      this.#debt += 1
      if (!guard.isIdle || this.#parts.isKept(guard.dependency)) continue
      if (guard.breaker.isRested) this.#letGo(id, 'idle')
      else idle.push(id)
    }
    for (const id of idle) {
      if (this.#guards.size < 2 * max) break
      this.#letGo(id, 'forced')
    }
    return this.#guards.size < before
  }

  #letGo(id: string, reason: 'idle' | 'forced'): void {
    const guard = this.#guards.get(id)?.guard
    if (guard === undefined) return
    const { owner, dependency } = guard
    this.#guards.delete(id)
    this.#left.delete(id)
    guard.dispose()
    if (this.#evicted.listened) this.#evicted.emit({ owner, dependency, reason })
  }

  #tellFull(now: number): void {
    const { size } = this.#guards
    const told = this.#toldFull
    if (told !== undefined && now - told.at < TELL_AGAIN_MS && size < 2 * told.size) return
    this.#toldFull = { at: now, size }
    if (this.#full.listened) this.#full.emit({ size })
  }
}

const TOUCH_MS = 1000

/** How many guards may be looked at, to find one that can go, for each that is made. */
const LOOKS_PER_GUARD = 16
/** After this time some may have come to rest. */
const LOOK_AGAIN_MS = 1000
const TELL_AGAIN_MS = 60_000

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
