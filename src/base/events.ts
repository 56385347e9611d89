/** Maps event names (`area.happened`) to payloads; each folder declares its own in `events.ts`. */
export type EventMap = object

/** Ends a subscription; calling it again does nothing. */
export type Unsubscribe = () => void

/** What a stage sees of the hub: it can emit, and it can ask whether anybody listens. */
export interface Emitter<Events extends EventMap> {
  /**
   * Returns the channel of one event. Fetch it once; per event the cost without a listener is the
   * comparison `if (channel.listened)`.
   */
  channel<Name extends keyof Events & string>(name: Name): EventChannel<Events[Name]>
}

/** One event of one hub. */
export interface EventChannel<Payload> {
  readonly listened: boolean
  emit(payload: Payload): void
}

/** What an event payload's listener may be called with: the payload and the event's name. */
export type Listener<Payload> = (payload: Payload, name: string) => void

/**
 * The event hub of one system: synchronous, in order of subscription.
 *
 * A listener that throws, or whose promise rejects, disturbs neither the stage nor the other
 * listeners: its error goes to `onListenerError`, by default a process warning. Nobody waits for
 * a listener's promise.
 */
export class EventHub<Events extends EventMap> implements Emitter<Events> {
  readonly #channels = new Map<string, Channel>()
  readonly #onListenerError: (error: unknown, name: string) => void

  constructor(onListenerError: (error: unknown, name: string) => void = warnOfListener) {
    this.#onListenerError = onListenerError
  }

  channel<Name extends keyof Events & string>(name: Name): EventChannel<Events[Name]> {
    return this.#channel(name)
  }

  /** Subscribes to one event; the same function twice is called twice. */
  on<Name extends keyof Events & string>(
    name: Name,
    listener: Listener<Events[Name]>,
  ): Unsubscribe {
    return this.#channel(name).add(listener)
  }

  /** Returns how many listeners one event has, or all events together. */
  listenerCount(name?: keyof Events & string): number {
    if (name !== undefined) return this.#channels.get(name)?.count ?? 0
    let count = 0
    for (const channel of this.#channels.values()) count += channel.count
    return count
  }

  /** Drops every listener. */
  clear(): void {
    for (const channel of this.#channels.values()) channel.clear()
  }

  #channel(name: string): Channel {
    let channel = this.#channels.get(name)
    if (channel === undefined) {
      channel = new Channel(name, this.#onListenerError)
      this.#channels.set(name, channel)
    }
    return channel
  }
}

class Channel implements EventChannel<never> {
  listened = false
  #subscriptions: readonly { readonly listener: Listener<never> }[] = []
  readonly #name: string
  readonly #onListenerError: (error: unknown, name: string) => void

  constructor(name: string, onListenerError: (error: unknown, name: string) => void) {
    this.#name = name
    this.#onListenerError = onListenerError
  }

  get count(): number {
    return this.#subscriptions.length
  }

  emit(payload: never): void {
    // The array is replaced, never changed, so a listener may subscribe or leave while it runs.
    for (const { listener } of this.#subscriptions) {
      try {
        const result: unknown = listener(payload, this.#name)
        if (result instanceof Promise) result.catch(this.#report)
      } catch (error) {
        this.#report(error)
      }
    }
  }

  add(listener: Listener<never>): Unsubscribe {
    // One object a subscription: the same function may be subscribed twice.
    const subscription = { listener }
    this.#subscriptions = [...this.#subscriptions, subscription]
    this.listened = true
    return () => {
      this.#subscriptions = this.#subscriptions.filter((other) => other !== subscription)
      this.listened = this.#subscriptions.length > 0
    }
  }

  clear(): void {
    this.#subscriptions = []
    this.listened = false
  }

  readonly #report = (error: unknown): void => this.#onListenerError(error, this.#name)
}

function warnOfListener(error: unknown, name: string): void {
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.emitWarning(`A listener of "${name}" threw: ${text}`, { code: 'SOMON_BASE_LISTENER' })
}
