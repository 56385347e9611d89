import type { Clock } from '../base/clock.ts'
import type { Emitter, EventChannel } from '../base/events.ts'
import type { DependencyGuard } from '../guard/dependency-guard.ts'
import type { EdgeHost } from '../guard/edges/edge.ts'
import type { GuardEvents } from '../guard/events.ts'
import { addressOf } from '../guard/origin.ts'
import type { HttpTarget, Target, TcpTarget } from '../guard/target.ts'

/** What the edges of a system ask it, as far as it is not told by events. */
export interface GuardHostParts {
  readonly clock: Clock
  readonly events: Emitter<GuardEvents>
  /** False while no call is to be guarded. */
  readonly isEnabled: () => boolean
  /** Whose code runs. */
  readonly ownerNow: () => string | undefined
  readonly guardFor: (owner: string, target: Target) => DependencyGuard | undefined
  readonly declaredTcp: (address: string, owner: string) => DependencyGuard | undefined
  readonly declaredTcpAt: (hostname: string, owner: string) => readonly DependencyGuard[]
  /** Whether a connection past the guards is guarded itself. */
  readonly guardsBypasses: () => boolean
}

/**
 * Answers the edges of one system.
 *
 * Invariant: what recurs with every call is told once: a bypass once a minute for each address, a
 * setting without effect once for each guard and way in.
 */
export class GuardHost implements EdgeHost {
  readonly #parts: GuardHostParts
  readonly #bypasses: EventChannel<GuardEvents['guard.bypass']>
  readonly #replaced: EventChannel<GuardEvents['guard.edge-replaced']>
  readonly #unsupported: EventChannel<GuardEvents['guard.unsupported']>
  /** When a bypass was told last, by owner and address. */
  readonly #toldAt = new Map<string, number>()
  #unowned = 0
  readonly #told = new WeakMap<DependencyGuard, Set<string>>()

  constructor(parts: GuardHostParts) {
    this.#parts = parts
    this.#bypasses = parts.events.channel('guard.bypass')
    this.#replaced = parts.events.channel('guard.edge-replaced')
    this.#unsupported = parts.events.channel('guard.unsupported')
  }

  ownerNow(): string | undefined {
    return this.#parts.isEnabled() ? this.#parts.ownerNow() : undefined
  }

  /** How many requests went out that belong to no module of this system. */
  get unownedCount(): number {
    return this.#unowned
  }

  unowned(): void {
    if (this.#parts.isEnabled()) this.#unowned += 1
  }

  guardFor(owner: string, target: Target): DependencyGuard | undefined {
    return this.#parts.guardFor(owner, target)
  }

  declaredTcp(address: string, owner: string): DependencyGuard | undefined {
    return this.#parts.declaredTcp(address, owner)
  }

  declaredTcpAt(hostname: string, owner: string): readonly DependencyGuard[] {
    return this.#parts.declaredTcpAt(hostname, owner)
  }

  bypassed(
    owner: string,
    target: HttpTarget | TcpTarget,
    via: string,
  ): DependencyGuard | undefined {
    const address = target.kind === 'http' ? addressOf(target.origin) : target.address
    if (this.#isNews(`${owner} ${address}`) && this.#bypasses.listened) {
      this.#bypasses.emit({ owner, dependency: address, via })
    }
    if (!this.#parts.guardsBypasses()) return undefined
    return this.#parts.guardFor(owner, { kind: 'tcp', address })
  }

  unsupported(guard: DependencyGuard, stage: string, via: string): void {
    const told = this.#told.get(guard) ?? new Set()
    this.#told.set(guard, told)
    const key = `${stage} ${via}`
    if (told.has(key)) return
    told.add(key)
    const { owner, dependency } = guard
    if (this.#unsupported.listened) this.#unsupported.emit({ owner, dependency, stage, via })
  }

  replaced(via: string): void {
    if (this.#replaced.listened) this.#replaced.emit({ via })
  }

  #isNews(key: string): boolean {
    const now = this.#parts.clock.elapsed()
    const before = this.#toldAt.get(key)
    if (before !== undefined && now - before < TELL_AGAIN_MS) return false
    if (this.#toldAt.size >= MAX_TOLD) this.#toldAt.clear()
    this.#toldAt.set(key, now)
    return true
  }
}

const TELL_AGAIN_MS = 60_000
/** Addresses are without end where ports are chosen at random. */
const MAX_TOLD = 1000
