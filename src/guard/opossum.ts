import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import type { CircuitState } from './events.ts'

/** What the owner of an engine decides and learns. */
export interface EngineHooks {
  /** Asked once at each opening, before the timer that ends it is armed. */
  openMs(): number
  /** The engine is already in the state; called in the same turn. */
  onTransition(to: CircuitState): void
}

/** The state machine of one circuit; each method acts before it returns. */
export interface Engine {
  readonly state: CircuitState
  /** Opens for `hooks.openMs()`; nothing when already open. */
  open(): void
  /** Closes; nothing when already closed. */
  close(): void
  /** Begins the probe round of a half-open circuit; the round decides how it goes on. */
  probe(): EngineRound
  /** Ends the timer; no transition comes after it. */
  dispose(): void
}

/** The result of a probe round; it does nothing once the circuit has left half-open otherwise. */
export interface EngineRound {
  succeed(): void
  fail(): void
}

/**
 * Makes the state machine, closed, or with `restoredOpenMs` open for that long from now.
 *
 * opossum is the state machine, not the meter: it counts nothing, times no call and never opens
 * by itself. A restored engine tells its hooks nothing of the opening it begins with.
 */
export function createEngine(name: string, hooks: EngineHooks, restoredOpenMs?: number): Engine {
  return new OpossumEngine(name, hooks, restoredOpenMs)
}

class OpossumEngine implements Engine {
  readonly #breaker: Opossum
  #round: SettledInTurn = new SettledInTurn()

  constructor(name: string, hooks: EngineHooks, restoredOpenMs: number | undefined) {
    const { Class, quiet, status } = library()
    const options = optionsOf(name, { ...quiet, status }, restoredOpenMs)
    this.#breaker = new Class(() => this.#round, options)
    // opossum reads resetTimeout in its own listener of 'open', so ours has to run before it.
    this.#breaker.prependListener('open', () => {
      options.resetTimeout = hooks.openMs()
    })
    // And this one after it: a listener may close the circuit again, which has to end the timer.
    this.#breaker.on('open', () => hooks.onTransition('open'))
    this.#breaker.on('halfOpen', () => hooks.onTransition('half-open'))
    this.#breaker.on('close', () => hooks.onTransition('closed'))
  }

  get state(): CircuitState {
    if (this.#breaker.closed) return 'closed'
    return this.#breaker.halfOpen ? 'half-open' : 'open'
  }

  open(): void {
    this.#breaker.open()
  }

  close(): void {
    this.#breaker.close()
  }

  probe(): EngineRound {
    const round = new SettledInTurn()
    this.#round = round
    // Nobody waits for it: the hooks tell what came of it.
    this.#breaker.fire().catch(() => {})
    return round
  }

  dispose(): void {
    this.#breaker.shutdown()
  }
}

/**
 * The result of a probe round as opossum takes it: `then(onOk).catch(onError)`.
 *
 * A promise would move the circuit one or two microtasks after the report that decided it, and
 * the caller of the last probe would still see it half-open
 * (docs/design/0008-probe-rounds-settle-in-the-turn.md).
 */
class SettledInTurn implements EngineRound {
  #onOk: (() => void) | undefined
  #onError: ((error: unknown) => void) | undefined

  // oxlint-disable-next-line unicorn/no-thenable -- opossum takes it for the promise of an action
  then(onOk: () => void): { catch(onError: (error: unknown) => void): void } {
    this.#onOk = onOk
    return {
      catch: (onError) => {
        this.#onError = onError
      },
    }
  }

  succeed(): void {
    this.#onOk?.()
  }

  fail(): void {
    this.#onError?.(ROUND_FAILED)
  }
}

/** It ends in the rejection that nobody reads. */
const ROUND_FAILED = { message: 'the probe round has failed' }

/** What we use of opossum 10.0.0; test/guard/opossum-contract.test.ts watches that it stays so. */
interface Opossum extends EventEmitter {
  readonly closed: boolean
  readonly halfOpen: boolean
  open(): void
  close(): void
  fire(): Promise<unknown>
  shutdown(): void
}

interface OpossumOptions {
  readonly name: string
  readonly timeout: false
  resetTimeout: number
  readonly errorThresholdPercentage: number
  readonly enableSnapshots: false
  readonly rollingPercentilesEnabled: false
  readonly rollingCountBuckets: number
  readonly rotateBucketController: EventEmitter
  readonly status: OpossumStatus
  readonly state?: { readonly closed: false }
}

interface OpossumStatus {
  increment(property: string, latencyMs?: number): void
}

interface OpossumClass {
  new (action: () => SettledInTurn, options: OpossumOptions): Opossum
  newStatus(options: object): OpossumStatus & { readonly constructor: OpossumStatusClass }
}

type OpossumStatusClass = new (options: object) => OpossumStatus

type QuietOptions = Pick<
  OpossumOptions,
  'enableSnapshots' | 'rollingPercentilesEnabled' | 'rollingCountBuckets' | 'rotateBucketController'
>

/** opossum with what all engines share. */
interface Library {
  readonly Class: OpossumClass
  /** Options with which it starts no timer. */
  readonly quiet: QuietOptions
  /** Has no state. */
  readonly status: OpossumStatus
}

/**
 * Loads opossum at the first transition of any circuit: a process in which nothing fails does
 * without it, and most of a start is loading code.
 */
function library(): Library {
  loaded.library ??= load()
  return loaded.library
}

/** The library itself is one for the process; so is what is made of it. */
const loaded: { library?: Library } = {}

function load(): Library {
  const require = createRequire(import.meta.url)
  const Class = require('opossum') as OpossumClass
  const { EventEmitter: Emitter } = process.getBuiltinModule('node:events')
  const quiet: QuietOptions = {
    enableSnapshots: false,
    rollingPercentilesEnabled: false,
    rollingCountBuckets: 1,
    // With a controller opossum sets no interval that rotates its buckets; this one never speaks.
    rotateBucketController: new Emitter(),
  }
  /** Counts nothing: opossum's own keeps the latency of each round for ever without rotation. */
  class InertStatus extends Class.newStatus(quiet).constructor {
    override increment(): void {}
    open(): void {}
    close(): void {}
  }
  return { Class, quiet, status: new InertStatus(quiet) }
}

/** A new object each time: opossum writes its defaults into it. */
function optionsOf(
  name: string,
  shared: QuietOptions & Pick<OpossumOptions, 'status'>,
  restoredOpenMs: number | undefined,
): OpossumOptions {
  return {
    ...shared,
    name,
    timeout: false,
    // Compared with `>`: 100 is never exceeded.
    errorThresholdPercentage: 100,
    resetTimeout: restoredOpenMs ?? 0,
    // Without lastTimerAt: opossum's would be compared with the time of construction.
    ...(restoredOpenMs === undefined ? {} : { state: { closed: false } }),
  }
}
