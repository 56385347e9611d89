import type { IncomingMessage } from 'node:http'
import type { Clock, Scheduled } from '../../base/clock.ts'

/** What watches a body, beside the body itself. */
export interface BodyWatch {
  readonly clock: Clock
  /** How long the body may be silent; 0 means for ever. */
  readonly idleMs: number
  /** Makes the error that ends a body which is silent for longer. */
  readonly onIdle: () => Error
  /** The server did not send the whole body; called once at most. */
  readonly onBroken: (error: Error) => void
}

/**
 * Watches the body of a response whose headers have come, for a server that does not send it whole.
 *
 * It takes no data, so the pace stays the reader's. A body that its reader gives up says nothing:
 * `response.errored` alone would not tell, since Node sets it when the request is destroyed too
 * (measured on 24.21 and 26.10).
 */
export class ResponseBody {
  readonly #response: IncomingMessage
  readonly #watch: BodyWatch
  #timer: Scheduled | undefined
  #bytesRead: number | undefined
  #isOver = false

  constructor(response: IncomingMessage, watch: BodyWatch) {
    this.#response = response
    this.#watch = watch
    this.#bytesRead = bytesReadBy(response)
    this.#schedule()
    response.once('close', () => this.#closed())
  }

  /** The connection failed, by no doing of the caller. */
  failed(error: Error): void {
    const { complete, destroyed } = this.#response
    // A reader that destroys the response with an error lets Node report that error here.
    if (!complete && !destroyed) this.#break(error)
  }

  #closed(): void {
    const { complete, errored, socket } = this.#response
    // Node lets go of the socket of a response that is complete.
    const endedByServer = (socket as IncomingMessage['socket'] | null)?.readableEnded === true
    if (!complete && errored && endedByServer) this.#break(errored)
    this.#end()
  }

  #schedule(): void {
    const { clock, idleMs } = this.#watch
    if (idleMs > 0 && this.#bytesRead !== undefined)
      this.#timer = clock.schedule(() => this.#look(), idleMs)
  }

  #look(): void {
    const { complete, readableLength } = this.#response
    if (complete) return
    const bytesRead = bytesReadBy(this.#response)
    // What lies here unread is a slow reader's; the server may have been told to wait.
    const isSilent = bytesRead === this.#bytesRead && readableLength === 0
    this.#bytesRead = bytesRead
    if (!isSilent) {
      this.#schedule()
      return
    }
    const error = this.#watch.onIdle()
    this.#break(error)
    destroyWith(this.#response, error)
  }

  #break(error: Error): void {
    if (this.#isOver) return
    this.#end()
    this.#watch.onBroken(error)
  }

  #end(): void {
    this.#isOver = true
    this.#timer?.cancel()
  }
}

/**
 * Ends a response so that its reader learns of the error first.
 *
 * Node emits `aborted` before `error`, and without a word why; clients take what comes first: axios
 * 1.21 and got 16.1 would tell of a server that hung up. So `aborted` comes between `error` and `close`.
 */
function destroyWith(response: IncomingMessage, error: Error): void {
  const emit = response.emit.bind(response)
  response.emit = (event: string | symbol, ...values: unknown[]) =>
    event === 'aborted' ? false : emit(event, ...values)
  response.prependOnceListener('close', () => emit('aborted'))
  response.destroy(error)
}

/** Undefined where an agent has put a stream in the place of a socket: its silence is not seen. */
function bytesReadBy({ socket }: IncomingMessage): number | undefined {
  const bytesRead: unknown = Reflect.get(socket, 'bytesRead')
  return typeof bytesRead === 'number' ? bytesRead : undefined
}
