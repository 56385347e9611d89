import type { Clock } from '../../base/clock.ts'
import type { DependencyGuard } from '../dependency-guard.ts'
import type { HttpTarget, Target, TcpTarget } from '../target.ts'

/**
 * What an edge may ask of the system that it belongs to.
 *
 * An edge sees the calls of the whole process; those without an owner here are none of its business
 * and have to pass untouched.
 */
export interface EdgeHost {
  /** Whose code runs; undefined for code that belongs to nobody in this system. */
  ownerNow(): string | undefined
  /** A request went out that belongs to nobody here; counted, so that a gap can be seen. */
  unowned?(): void
  /** The guard to call through; undefined where the settings let the target pass. */
  guardFor(owner: string, target: Target): DependencyGuard | undefined
  /** The guard of a declared address, whoever dials; undefined for one that is not declared. */
  declaredTcp(address: string, owner: string): DependencyGuard | undefined
  /** The guards of all declared addresses of a host: while its name is looked up, no port is known. */
  declaredTcpAt(hostname: string, owner: string): readonly DependencyGuard[]
  /**
   * Something of an owner went out beside the edge that should have seen it.
   *
   * @returns the guard for its connection, where the settings ask for one
   */
  bypassed(owner: string, target: HttpTarget | TcpTarget, via: string): DependencyGuard | undefined
  /** A setting cannot act on calls that come this way; told once for each dependency and stage. */
  unsupported(guard: DependencyGuard, stage: string, via: string): void
  /** Somebody took the edge out of the way of calls; it has put itself back. */
  replaced?(via: string): void
}

/** What an edge may be given beside its host. */
export interface EdgeOptions {
  /**
   * The time that silence and waiting are measured with.
   *
   * @default the clock of the system
   */
  readonly clock?: Clock
}

/** Watches one way out of the process. */
export interface Edge {
  /** Starts to watch; the result ends it and leaves nothing behind. */
  install(): Disposable
}
