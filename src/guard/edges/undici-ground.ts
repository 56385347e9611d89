import type { Dispatcher } from './undici-api.ts'

/** Under this name a dispatcher of an edge says what it stands on. */
export const GROUND: unique symbol = Symbol('somon.ground')

/**
 * What a dispatcher of an edge stands on.
 *
 * The edges of several systems stand on one another and go in any order. One that goes from
 * beneath another one cannot be taken out, so the other one steps over it: else systems that
 * replace one another would leave a dispatcher each, and a request would go through all of them.
 */
export class Ground {
  #dispatcher: Dispatcher
  /** That of the edge which the dispatcher belongs to; undefined if it belongs to none. */
  #below: Ground | undefined
  readonly #hasGone: () => boolean

  /** @param hasGone - whether the edge that stands here has gone */
  constructor(dispatcher: Dispatcher, hasGone: () => boolean) {
    this.#dispatcher = dispatcher
    this.#below = groundOf(dispatcher)
    this.#hasGone = hasGone
  }

  /** What requests are handed to: never an edge that has gone. */
  get dispatcher(): Dispatcher {
    for (let below = this.#below; below !== undefined && below.#hasGone(); below = this.#below) {
      this.#dispatcher = below.#dispatcher
      this.#below = below.#below
    }
    return this.#dispatcher
  }

  /** What lies beneath all edges. */
  get lowest(): Dispatcher {
    return this.#below?.lowest ?? this.#dispatcher
  }
}

function groundOf(dispatcher: Dispatcher): Ground | undefined {
  const ground: unknown = Reflect.get(dispatcher, GROUND)
  return ground instanceof Ground ? ground : undefined
}
