import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../base/clock.ts'
import type { Emitter } from '../base/events.ts'
import { unguarded, type Guard } from '../base/guard.ts'
import { nearest } from '../base/nearest.ts'
import type { GuardSettings as Configured } from '../config/guard-settings.ts'
import type { DependencyKind, SettingsPatch } from '../guard/declaration.ts'
import type { DependencyGuard } from '../guard/dependency-guard.ts'
import { guardConflict, guardUnknown } from '../guard/errors.ts'
import type { DeclaredFunctions } from '../guard/edges/function.ts'
import type { GuardEvents } from '../guard/events.ts'
import { GuardKeys, type GuardKey } from '../guard/keys.ts'
import { GuardRegistry, namesOf, type RegistrySnapshot } from '../guard/registry.ts'
import type { GuardFunctions } from '../guard/functions.ts'
import type { Target } from '../guard/target.ts'
import { GuardEdges } from './guard-edges.ts'
import type { GuardHandle, GuardOptions } from './guard-handle.ts'
import { GuardHost } from './guard-host.ts'
import { checkGuardName, checkGuardOptions, readGuardOptions } from './guard-options.ts'
import { probing } from './probe-request.ts'
import { baseGuardSettings, settingsOfGuard } from './guard-settings.ts'

/** What the guards of a system are made of. */
export interface SystemGuardsParts {
  readonly clock: Clock
  readonly events: Emitter<GuardEvents>
  /** The settings of now. */
  readonly settings: () => Configured
  /** The module whose code runs. */
  readonly ownerNow: () => string | undefined
  /** Whose are the calls that no module makes; undefined where they are none of the system's. */
  readonly ownerOfRest: string | undefined
}

/** What a program has said of a dependency in code. */
interface Custom {
  readonly options: SettingsPatch
  readonly functions: GuardFunctions
  /** No call has given options: the first that does decides. */
  readonly isOpen: boolean
  readonly handle: GuardHandle
}

/** All guards at one moment, by `<owner>:<dependency>`. */
export interface GuardsSnapshot {
  readonly overall: RegistrySnapshot['overall']
  /**
   * Requests since the first load that belong to no module of this system: where its guards see
   * nothing. Those of the host program and of other systems of the process are among them.
   */
  readonly unowned: number
  readonly breakers: Readonly<
    Record<string, RegistrySnapshot['breakers'][string] & { readonly kind: DependencyKind }>
  >
}

/** What can be done to guards by hand. */
export type GuardAction = 'open' | 'close' | 'reset' | 'isolate' | 'disable' | 'enable'

/** The owner of calls that the program makes itself. */
export const MAIN_OWNER = 'main'

/**
 * The guards of one system: which stands before what, and with which settings.
 *
 * Invariants: without `guard.enabled` no guard is made and nothing is watched; a name that a
 * program has given to a guard keeps its options for the life of the system.
 */
export class SystemGuards {
  readonly registry: GuardRegistry
  readonly #parts: SystemGuardsParts
  readonly #customs = new Map<string, Custom>()
  /** What edges ask. */
  readonly host: GuardHost
  readonly #edges: GuardEdges
  #keys: GuardKeys

  constructor(parts: SystemGuardsParts) {
    this.#parts = parts
    this.#keys = new GuardKeys(parts.settings().dependencies)
    this.registry = new GuardRegistry({
      ...{ clock: parts.clock, events: parts.events },
      random: () => Math.random(),
      nesting: new AsyncLocalStorage(),
      settingsOf: (owner, dependency) => this.#settingsOf(owner, dependency),
      isDeclared: (dependency) =>
        this.#customs.has(dependency) || this.#keys.declaredName(dependency) !== undefined,
      // A handle asks for its guard at each call: one that was let go is made again.
      isKept: (dependency) => this.#keys.declaredName(dependency) !== undefined,
      maxGuards: () => parts.settings().maxGuards,
    })
    this.host = this.#makeHost()
    this.#edges = new GuardEdges(this.host, parts.clock)
  }

  get isEnabled(): boolean {
    return this.#parts.settings().enabled
  }

  /** The guard for what an owner reaches; undefined where the settings let it pass. */
  for(owner: string, target: Target): DependencyGuard | undefined {
    const { dependency, declared } = this.#keys.of(target)
    if (declared === undefined && this.#parts.settings().undeclared === 'ignore') return undefined
    return this.registry.for(owner, dependency, () => this.#functionsFor(target, declared))
  }

  /** What calls of one owner go through where the dependency has a name already. */
  guardOf(owner: string): Guard {
    return (dependency, task, call) =>
      this.isEnabled
        ? this.registry.for(owner, dependency).call(task, call)
        : unguarded(dependency, task, call)
  }

  /** Begins to watch what modules reach; comes before each load. */
  install(): void {
    if (this.isEnabled) this.#edges.install()
  }

  /** Comes before each request that a loaded module makes by its own `fetch`. */
  beforeFetch(): void {
    if (this.isEnabled) this.#edges.beforeFetch()
  }

  /** Comes after an import of a package: what it brings along may send requests from now on. */
  afterImport(): void {
    this.#edges.afterImport()
  }

  /** The functions of a package that are declared. */
  functionsOf(packageName: string): DeclaredFunctions | undefined {
    return this.#keys.functionsOf(packageName)
  }

  /**
   * The guard that a program calls a dependency through; the same one for the same name.
   *
   * @param given - checked; left out, they are those of the first call that gives any
   * @throws SomonError SOMON_CONFIG_INVALID; SOMON_GUARD_CONFLICT for other options than before;
   *   TypeError for what cannot be a name, and for options that are no object
   */
  custom(name: string, given: GuardOptions): GuardHandle {
    checkGuardName(name)
    checkGuardOptions(name, given)
    const known = this.#customs.get(name)
    // Reading none would make thousands of names cost seconds.
    if (Object.values(given).every((value) => value === undefined)) {
      return (known ?? this.#customize(name, {}, {})).handle
    }
    const base = baseGuardSettings(this.#parts.settings())
    const { options, functions } = readGuardOptions(name, given, base)
    if (known === undefined) return this.#customize(name, options, functions).handle
    if (known.isOpen) this.#complete(name, known, options, functions)
    else if (!isSaidAgain(known, options, functions)) throw guardConflict({ dependency: name })
    return known.handle
  }

  #customize(name: string, options: SettingsPatch, functions: GuardFunctions): Custom {
    const isOpen = Object.keys(options).length + Object.keys(functions).length === 0
    const custom = { options, functions, isOpen, handle: this.#handle(name, functions) }
    this.#customs.set(name, custom)
    return custom
  }

  /** Gives a guard that may be there already the options that nobody has given so far. */
  #complete(
    name: string,
    { functions, handle }: Custom,
    options: SettingsPatch,
    given: GuardFunctions,
  ): void {
    // The same object, because a guard that is there asks it at each call.
    this.#customs.set(name, {
      ...{ options, handle, isOpen: false },
      functions: Object.assign(functions, given),
    })
    this.registry.configure(this.registry.find(`${MAIN_OWNER}:${name}`))
  }

  /**
   * Acts on guards by id, by dependency or by declared name, or on all of them.
   *
   * @param by - who does it, as the event guard.mode tells
   * @returns the ids of those that were acted on
   * @throws SomonError SOMON_GUARD_UNKNOWN; TypeError for another action, and for names that are no
   *   list of texts; before anything is done
   */
  act(action: GuardAction, names?: readonly string[], by?: string): readonly string[] {
    checkAction(action, names)
    const guards =
      names === undefined ? this.registry.list() : names.flatMap((name) => this.#named(name))
    for (const guard of new Set(guards)) guard[action](by)
    return [...new Set(guards.map(({ owner, dependency }) => `${owner}:${dependency}`))]
  }

  /** Gives every guard the settings of now; what is switched on begins to watch. */
  configure(): void {
    this.#keys = new GuardKeys(this.#parts.settings().dependencies)
    this.registry.configure()
    this.install()
  }

  snapshot(): GuardsSnapshot {
    const { overall, breakers } = this.registry.snapshot()
    const shown = Object.entries(breakers).map(([id, guard]) => {
      return [id, { ...guard, kind: this.#keys.kindOf(guard.dependency) }] as const
    })
    return { overall, unowned: this.host.unownedCount, breakers: Object.fromEntries(shown) }
  }

  dispose(): void {
    this.#edges.dispose()
    this.registry.dispose()
  }

  #functionsFor(target: Target, declared: string | undefined): GuardFunctions {
    if (target.kind !== 'http' || declared === undefined) return {}
    const { settings } = this.#parts
    return probing(target.origin, () => settings().dependencies[declared]?.probe?.path)
  }

  #handle(name: string, functions: GuardFunctions): GuardHandle {
    // Asked for at each call, because a guard that was idle for long may have made room.
    const guard = (): DependencyGuard => this.registry.for(MAIN_OWNER, name, () => functions)
    const isEnabled = (): boolean => this.isEnabled
    return {
      name,
      call: (task, call) => (isEnabled() ? guard().call(task, call) : unguarded(name, task, call)),
      get state() {
        return isEnabled() ? guard().snapshot().state : 'disabled'
      },
      snapshot: () => (isEnabled() ? guard().snapshot() : undefined),
    }
  }

  #makeHost(): GuardHost {
    const { clock, events, settings, ownerNow, ownerOfRest } = this.#parts
    const guardOf = (owner: string, { dependency }: GuardKey): DependencyGuard =>
      this.registry.for(owner, dependency)
    return new GuardHost({
      ...{ clock, events },
      guardsBypasses: () => settings().bypass === 'guard',
      isEnabled: () => this.isEnabled,
      ownerNow: () => ownerNow() ?? ownerOfRest,
      guardFor: (owner, target) => this.for(owner, target),
      declaredTcp: (address, owner) => {
        const key = this.#keys.ofDeclaredTcp(address)
        return key && guardOf(owner, key)
      },
      declaredTcpAt: (hostname, owner) =>
        this.#keys.ofDeclaredTcpAt(hostname).map((key) => guardOf(owner, key)),
    })
  }

  #named(name: string): readonly DependencyGuard[] {
    const declaredName = (dependency: string): string | undefined =>
      this.#keys.declaredName(dependency)
    const found = this.registry.find(name, declaredName)
    if (found.length > 0) return found
    const known = this.registry
      .list()
      .flatMap(({ owner, dependency }) => namesOf(owner, dependency, declaredName(dependency)))
    throw guardUnknown({ name, nearest: nearest(name, known) })
  }

  #settingsOf(owner: string, dependency: string): DependencyGuard['settings'] {
    const names = namesOf(owner, dependency, this.#keys.declaredName(dependency))
    const options = owner === MAIN_OWNER ? this.#customs.get(dependency)?.options : undefined
    return settingsOfGuard(this.#parts.settings(), names, options)
  }
}

const ACTIONS: readonly GuardAction[] = ['open', 'close', 'reset', 'isolate', 'disable', 'enable']

/** Untyped programs get here with anything. */
function checkAction(action: unknown, names: unknown): void {
  if (!ACTIONS.some((known) => known === action)) {
    throw new TypeError(`An action must be one of ${ACTIONS.join(', ')}`)
  }
  if (names === undefined) return
  if (!Array.isArray(names) || names.some((name) => typeof name !== 'string')) {
    throw new TypeError('The names of guards to act on must be a list of strings')
  }
}

/** Left out, options are those of before; said again, they have to be the same. */
function isSaidAgain(known: Custom, options: SettingsPatch, functions: GuardFunctions): boolean {
  const given = Object.entries(functions).filter(([, value]) => value !== undefined)
  if (given.some(([key, value]) => known.functions[key as keyof GuardFunctions] !== value)) {
    return false
  }
  if (Object.keys(options).length === 0) return true
  // Reached this way because importing node:util costs a start 4 ms (docs/notes/node.md).
  return process.getBuiltinModule('node:util').isDeepStrictEqual(known.options, options)
}
