import { AsyncLocalStorage } from 'node:async_hooks'
import { type Clock, systemClock } from '../../../src/base/clock.ts'
import { EventHub } from '../../../src/base/events.ts'
import type { DependencyGuard } from '../../../src/guard/dependency-guard.ts'
import { CoveredAddresses } from '../../../src/guard/edges/covered.ts'
import type { EdgeHost } from '../../../src/guard/edges/edge.ts'
import type { GuardEvents } from '../../../src/guard/events.ts'
import { GuardRegistry } from '../../../src/guard/registry.ts'
import type { GuardSettings } from '../../../src/guard/settings.ts'
import type { Target } from '../../../src/guard/target.ts'
import { guardSettings } from '../support/settings.ts'

/** What may differ from the settings as shipped. */
export interface EdgeSceneOptions {
  /** Of all guards, until `configure()`. */
  readonly settings?: GuardSettings | undefined
  /** What covered addresses are measured by; guards have real time. */
  readonly clock?: Clock | undefined
  /** From 0 to below 1; 0 makes every wait between attempts end at once. */
  readonly random?: (() => number) | undefined
  /** Addresses (`host:port`) that are declared as `kind = "tcp"`, by the names they are given. */
  readonly declared?: Readonly<Record<string, string>> | undefined
  /** Origins, addresses and packages that the settings let pass. */
  readonly ignored?: readonly string[] | undefined
  /** What becomes of a connection beside the edges: it is only reported unless said otherwise. */
  readonly bypass?: 'guard' | 'report' | undefined
}

/**
 * What an edge belongs to, with real guards in real time: a registry, owners in the async
 * context, and everything that was told. `using` ends the guards.
 */
export class EdgeScene implements Disposable {
  readonly host: EdgeHost
  readonly events = new EventHub<GuardEvents>()
  readonly registry: GuardRegistry
  readonly covered: CoveredAddresses
  readonly calls: GuardEvents['guard.call'][] = []
  readonly transitions: GuardEvents['guard.transition'][] = []
  readonly bypassed: { readonly owner: string; readonly target: Target; readonly via: string }[] =
    []
  readonly unsupported: string[] = []
  readonly replaced: string[] = []
  /** How often a guard was asked for. */
  lookups = 0
  readonly #owners = new AsyncLocalStorage<string>()
  #settings: GuardSettings

  constructor(options: EdgeSceneOptions = {}) {
    const { settings = guardSettings(), declared = {}, ignored = [], bypass = 'report' } = options
    const { random = () => 0 } = options
    this.#settings = settings
    this.covered = new CoveredAddresses(options.clock)
    this.events.on('guard.call', (call) => this.calls.push(call))
    this.events.on('guard.transition', (event) => this.transitions.push(event))
    this.registry = new GuardRegistry({
      ...{ clock: systemClock, random, events: this.events },
      nesting: new AsyncLocalStorage(),
      settingsOf: () => this.#settings,
      isDeclared: (dependency) => Object.values(declared).includes(dependency),
      isKept: (dependency) => Object.values(declared).includes(dependency),
      maxGuards: () => 1000,
    })
    this.host = {
      ownerNow: () => this.#owners.getStore(),
      guardFor: (owner, target) => {
        this.lookups += 1
        const key = keyOf(target)
        return ignored.includes(key) ? undefined : this.registry.for(owner, key)
      },
      declaredTcp: (address, owner) => {
        const name = declared[address]
        return name === undefined ? undefined : this.registry.for(owner, name)
      },
      declaredTcpAt: (hostname, owner) =>
        Object.entries(declared)
          .filter(([address]) => address.startsWith(`${hostname}:`))
          .map(([, name]) => this.registry.for(owner, name)),
      bypassed: (owner, target, via) => {
        this.bypassed.push({ owner, target, via })
        return bypass === 'guard' ? this.host.guardFor(owner, target) : undefined
      },
      unsupported: (guard, stage, via) =>
        this.unsupported.push(`${guard.dependency} ${stage} ${via}`),
      replaced: (via) => this.replaced.push(via),
    }
  }

  /** What was told of the calls, in the order of their ends. */
  get outcomes(): readonly string[] {
    return this.calls.map(({ outcome }) => outcome)
  }

  /** Runs a function as code of an owner. */
  as<T>(owner: string, run: () => T): T {
    return this.#owners.run(owner, run)
  }

  /** The guard of a dependency; `orders` is the owner unless said otherwise. */
  guard(dependency: string, owner = 'orders'): DependencyGuard {
    return this.registry.for(owner, dependency)
  }

  /** Gives all guards, those of now and later ones, other settings. */
  configure(settings: GuardSettings): void {
    this.#settings = settings
    this.registry.configure()
  }

  [Symbol.dispose](): void {
    this.registry.dispose()
    this.events.clear()
  }
}

function keyOf(target: Target): string {
  if (target.kind === 'http') return target.origin
  if (target.kind === 'module') return `module:${target.packageName}@${target.version ?? 'unknown'}`
  return target.address.startsWith('/') ? target.address : `tcp://${target.address}`
}
