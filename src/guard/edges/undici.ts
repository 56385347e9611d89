import type { Clock } from '../../base/clock.ts'
import type { DependencyGuard } from '../dependency-guard.ts'
import { originOf } from '../origin.ts'
import type { CoveredAddresses } from './covered.ts'
import type { Edge, EdgeHost } from './edge.ts'
import type { Dispatch, Dispatcher, DispatchOptions, Handler } from './undici-api.ts'
import { Upload } from './undici-body.ts'
import { Exchange } from './undici-exchange.ts'
import { Ground, GROUND } from './undici-ground.ts'

/** What the edge is made of, beside its host. */
export interface UndiciEdgeParts {
  readonly clock: Clock
  readonly covered: CoveredAddresses
}

/** Watches what goes out through the global dispatcher. */
export interface UndiciEdge extends Edge {
  /**
   * Makes sure that calls from now on are seen; loads Node's undici if nobody has (25 ms).
   *
   * Costs two comparisons when there is nothing to do. Where somebody else has set a dispatcher of
   * their own meanwhile, the edge goes on top of it and tells `replaced()`.
   */
  ensure(): void
  /** The same for what is there already: loads nothing. */
  notice(): void
}

/**
 * Creates the edge of global `fetch`, `WebSocket`, and of undici itself, whatever copy of it.
 *
 * A request with a `dispatcher` of its own does not come this way.
 */
export function createUndiciEdge(host: EdgeHost, parts: UndiciEdgeParts): UndiciEdge {
  let installed: InstalledEdge | undefined
  return {
    install() {
      const edge = new InstalledEdge(host, parts)
      installed = edge
      edge.compose()
      return {
        [Symbol.dispose]() {
          edge.remove()
          if (installed === edge) installed = undefined
        },
      }
    },
    ensure: () => installed?.ensure(),
    notice: () => installed?.notice(),
  }
}

/**
 * One installation.
 *
 * Invariants: a request is guarded once, however often this edge stands in its way: by the
 * outermost. Two edges stand on one another without end unless each can see that it is there
 * still, so the dispatcher says so to whoever knows its mark, also through the proxies that
 * `compose()` of undici makes.
 */
class InstalledEdge {
  #host: EdgeHost | undefined
  readonly #parts: UndiciEdgeParts
  readonly #mark = Symbol('somon.guarded')
  /** Where the edge has ever been. */
  readonly #slots = new Set<symbol>()
  /** Each dispatcher of ours with what it stands on: somebody may put back an earlier one. */
  readonly #grounds = new WeakMap<object, Ground>()
  readonly #told = new WeakSet<DependencyGuard>()
  #seenFirst: unknown
  #seenSecond: unknown
  #isLoaded = false

  constructor(host: EdgeHost, parts: UndiciEdgeParts) {
    this.#host = host
    this.#parts = parts
  }

  ensure(): void {
    if (this.#seenFirst !== undefined && this.#seenFirst === slotOf(FIRST)) {
      if (this.#isLoaded && this.#seenSecond === slotOf(SECOND)) return
    }
    if (!this.#isLoaded && slotOf(SECOND) === undefined) loadUndici()
    this.#isLoaded = true
    if (this.compose()) this.#host?.replaced?.('undici')
  }

  notice(): void {
    if (this.#seenFirst === slotOf(FIRST) && this.#seenSecond === slotOf(SECOND)) return
    if (this.compose()) this.#host?.replaced?.('undici')
  }

  /** Goes on top of the dispatchers that there are; true if it had been on others before. */
  compose(): boolean {
    const [first, second] = [this.#composeAt(FIRST), this.#composeAt(SECOND)]
    this.#seenFirst = slotOf(FIRST)
    this.#seenSecond = slotOf(SECOND)
    return first || second
  }

  /** Puts back what was there, unless somebody stands on it; then it lets all pass for good. */
  remove(): void {
    this.#host = undefined
    for (const slot of this.#slots) {
      const found = slotOf(slot)
      const ground = isObject(found) ? this.#grounds.get(found) : undefined
      if (ground !== undefined) Reflect.set(globalThis, slot, ground.dispatcher)
    }
  }

  #composeAt(slot: symbol): boolean {
    const inner = slotOf(slot)
    if (!isDispatcher(inner) || Reflect.get(inner, this.#mark) === true) return false
    const ground = new Ground(inner, () => this.#host === undefined)
    const outer = this.#over(ground)
    const isReplaced = this.#slots.has(slot)
    this.#slots.add(slot)
    this.#grounds.set(outer, ground)
    Reflect.set(globalThis, slot, outer)
    return isReplaced
  }

  /**
   * Not `compose()` of the dispatcher itself: what somebody has set need not have one, that of
   * undici 6 hides what is beneath it, and `close()` of what undici 8 keeps for older copies fails
   * on the result.
   */
  #over(ground: Ground): Dispatcher {
    const { lowest } = ground
    const dispatch: Dispatch = (options, handler) => ground.dispatcher.dispatch(options, handler)
    const own: Readonly<Record<PropertyKey, unknown>> = {
      ...{ [this.#mark]: true, [GROUND]: ground },
      dispatch: (options: DispatchOptions, handler: Handler) =>
        this.#dispatch(dispatch, options, handler),
      close: boundTo(lowest, 'close'),
      destroy: boundTo(lowest, 'destroy'),
    }
    return new Proxy(lowest, {
      get: (_lowest, key) =>
        Object.hasOwn(own, key) ? own[key] : Reflect.get(ground.dispatcher, key),
    })
  }

  #dispatch(dispatch: Dispatch, options: DispatchOptions, handler: Handler): boolean {
    const host = this.#host
    const owner = host?.ownerNow()
    if (host === undefined) return dispatch(options, handler)
    if (owner === undefined) {
      host.unowned?.()
      return dispatch(options, handler)
    }
    const origin = isGuardable(options, this.#mark) ? originFrom(options) : undefined
    if (origin === undefined || !isObject(handler)) return dispatch(options, handler)
    const method = typeof options.method === 'string' ? options.method.toUpperCase() : 'GET'
    const path = typeof options.path === 'string' ? options.path : '/'
    const guard = host.guardFor(owner, { kind: 'http', origin, method, path })
    if (guard === undefined) return dispatch(options, handler)
    const isIdempotent = isIdempotentCall(options, method)
    if (isIdempotent && options.body != null) this.#tellOfBody(host, guard)
    const upload = new Upload(options.body)
    return new Exchange({
      ...{ guard, handler, upload, clock: this.#parts.clock },
      options: { ...options, body: upload.body, [this.#mark]: true },
      dispatch,
      isIdempotent: isIdempotent && options.body == null,
      enter: () => this.#parts.covered.enter(origin),
      onLost: () => this.#parts.covered.linger(origin),
    }).run()
  }

  /** fetch hands a body over that can be read once, and so do most others. */
  #tellOfBody(host: EdgeHost, guard: DependencyGuard): void {
    if (guard.settings.retry.max === 0 || this.#told.has(guard)) return
    this.#told.add(guard)
    host.unsupported(guard, 'retry', 'undici')
  }
}

/** Where copies up to 7 look for their dispatcher, and where those from 8 on do. */
const FIRST = Symbol.for('undici.globalDispatcher.1')
const SECOND = Symbol.for('undici.globalDispatcher.2')

function slotOf(slot: symbol): unknown {
  return Reflect.get(globalThis, slot)
}

/** Any of these makes Node load its copy, which then sets a dispatcher; they are all the same. */
function loadUndici(): void {
  for (const name of ['CloseEvent', 'MessageEvent', 'FormData', 'Headers']) {
    Reflect.get(globalThis, name)
    if (slotOf(FIRST) !== undefined) return
  }
}

function isDispatcher(value: unknown): value is Dispatcher {
  return isObject(value) && typeof Reflect.get(value, 'dispatch') === 'function'
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function boundTo(target: object, method: string): unknown {
  const found: unknown = Reflect.get(target, method)
  return typeof found === 'function' ? found.bind(target) : found
}

/** A tunnel is no call; what a guard of this edge stands before already passes. */
function isGuardable(options: unknown, mark: symbol): options is DispatchOptions {
  return (
    isObject(options) &&
    Reflect.get(options, mark) !== true &&
    Reflect.get(options, 'method') !== 'CONNECT'
  )
}

function originFrom({ origin }: DispatchOptions): string | undefined {
  return typeof origin === 'string' || origin instanceof URL ? originOf(origin) : undefined
}

function isIdempotentCall({ idempotent }: DispatchOptions, method: string): boolean {
  return typeof idempotent === 'boolean' ? idempotent : IDEMPOTENT.has(method)
}

const IDEMPOTENT: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE'])
