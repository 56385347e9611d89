import type { Socket } from 'node:net'
import type { Clock, Scheduled } from '../base/clock.ts'
import type { Fault, FaultKind } from './fault.ts'

/** What a flow reads, where it writes, and whom it tells. */
export interface FlowParts {
  readonly direction: 'to-upstream' | 'to-client'
  readonly source: Socket
  readonly sink: Socket
  readonly clock: Clock
  readonly random: () => number
  readonly onPassed: (bytes: number) => void
  readonly onMet: (kind: FaultKind) => void
  /** The last byte that a `reset` or `cut` lets through has left. */
  readonly onSpent: (kind: 'reset' | 'cut') => void
  /** A blackhole has taken bytes, or the end of the source. */
  readonly onSwallowed: (what: 'bytes' | 'end') => void
}

/** A part of the stream that waits for its time; without bytes it is the end. */
interface Held {
  bytes: Buffer | undefined
  due: number
}

/**
 * One direction of a connection: bytes wait here for their time.
 *
 * - Order is kept: a part whose time has come waits for those in front of it.
 * - What waits is bounded by bytes and by parts; at the bound the source is not read any more.
 * - At most one timer runs, and only while something waits for its time.
 * - After `stop()` everything that still arrives is thrown away.
 */
export class FaultFlow {
  readonly #parts: FlowParts
  readonly #queue: Held[] = []
  #fault: Fault | undefined
  #queuedBytes = 0
  /** When the bandwidth admits the next byte. */
  #freeAt = 0
  /** How many bytes may still pass. */
  #budget = Infinity
  #timer: Scheduled | undefined
  #blocked = false
  #stopped = false

  constructor(parts: FlowParts) {
    this.#parts = parts
    parts.source.on('data', (bytes: Buffer) => this.#take(bytes))
    parts.source.on('end', () => this.#takeEnd())
    parts.sink.on('drain', () => {
      this.#blocked = false
      this.#advance()
    })
  }

  /** How much the proxy holds of this direction, in the queue and before the sink. */
  get heldBytes(): number {
    return this.#queuedBytes + this.#parts.sink.writableLength
  }

  /** Puts another fault in force; what the one before held back goes on at once. */
  apply(fault: Fault | undefined): void {
    if (this.#stopped) return
    this.#fault = fault
    this.#timer?.cancel()
    this.#timer = undefined
    this.#freeAt = 0
    this.#budget = this.#budgetOf(fault)
    for (const held of this.#queue) held.due = 0
    if (fault?.kind === 'blackhole') this.#swallowQueue()
    else this.#advance()
  }

  /** Throws away what waits and what still arrives. */
  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    this.#timer = undefined
    this.#empty()
  }

  #budgetOf(fault: Fault | undefined): number {
    if (this.#parts.direction === 'to-upstream') return Infinity
    if (fault?.kind !== 'reset' && fault?.kind !== 'cut') return Infinity
    return fault.afterBytes ?? 0
  }

  #take(bytes: Buffer): void {
    if (this.#stopped) return
    if (this.#fault?.kind === 'blackhole') {
      this.#parts.onSwallowed('bytes')
      return
    }
    this.#queue.push({ bytes, due: this.#dueOf(false) })
    this.#queuedBytes += bytes.length
    if (this.#isFull()) this.#parts.source.pause()
    this.#advance()
  }

  #takeEnd(): void {
    if (this.#stopped) return
    if (this.#fault?.kind === 'blackhole') {
      this.#parts.onSwallowed('end')
      return
    }
    this.#queue.push({ bytes: undefined, due: this.#dueOf(true) })
    this.#advance()
  }

  #dueOf(isEnd: boolean): number {
    const fault = this.#fault
    let delayMs = 0
    if (fault?.kind === 'latency' && this.#concerns(fault.direction)) {
      delayMs = fault.ms + this.#parts.random() * (fault.jitterMs ?? 0)
    } else if (fault?.kind === 'slow-close' && isEnd) {
      delayMs = fault.ms
    }
    if (fault !== undefined && delayMs > 0) this.#parts.onMet(fault.kind)
    return this.#parts.clock.elapsed() + delayMs
  }

  #concerns(direction: string | undefined): boolean {
    return direction === undefined || direction === 'both' || direction === this.#parts.direction
  }

  #advance(): void {
    while (this.#timer === undefined && !this.#blocked && !this.#stopped) {
      const [head] = this.#queue
      if (head === undefined) return
      const now = this.#parts.clock.elapsed()
      if (head.due > now) this.#wait(head.due - now)
      else if (head.bytes === undefined) this.#passEnd()
      else if (this.#freeAt > now) {
        this.#parts.onMet('bandwidth')
        this.#wait(this.#freeAt - now)
      } else this.#pass(head, head.bytes, now)
    }
  }

  #wait(ms: number): void {
    // Timers may fire early by a fraction; the loop then waits once more.
    this.#timer = this.#parts.clock.schedule(() => {
      this.#timer = undefined
      this.#advance()
    }, Math.ceil(ms))
  }

  #passEnd(): void {
    this.#queue.shift()
    this.#parts.sink.end()
  }

  #pass(head: Held, bytes: Buffer, now: number): void {
    const { source, sink, onPassed, onSpent } = this.#parts
    const part = bytes.subarray(0, Math.min(this.#sliceBytes(now), this.#budget))
    if (part.length === bytes.length) this.#queue.shift()
    else head.bytes = bytes.subarray(part.length)
    this.#queuedBytes -= part.length
    this.#budget -= part.length
    onPassed(part.length)
    const { kind } = this.#fault ?? {}
    if (this.#budget === 0 && (kind === 'reset' || kind === 'cut')) {
      this.stop()
      // Not before the bytes have left: a reset throws away what waits in the socket.
      sink.write(part, () => onSpent(kind))
    } else this.#blocked = !sink.write(part)
    if (source.isPaused() && !this.#isFull()) source.resume()
  }

  /** How many bytes may pass now; takes the time that they need. */
  #sliceBytes(now: number): number {
    const fault = this.#fault
    if (fault?.kind !== 'bandwidth' || !this.#concerns(fault.direction)) return Infinity
    const slice = Math.max(1, Math.floor((fault.bytesPerSecond * SLICE_MS) / 1000))
    const [head] = this.#queue
    const size = Math.min(slice, head?.bytes?.length ?? 0)
    this.#freeAt = now + (size / fault.bytesPerSecond) * 1000
    return size
  }

  #isFull(): boolean {
    return this.#queuedBytes >= MAX_QUEUED_BYTES || this.#queue.length >= MAX_QUEUED_PARTS
  }

  #swallowQueue(): void {
    const [first] = this.#queue
    const last = this.#queue.at(-1)
    this.#empty()
    if (first?.bytes !== undefined) this.#parts.onSwallowed('bytes')
    if (last !== undefined && last.bytes === undefined) this.#parts.onSwallowed('end')
  }

  #empty(): void {
    this.#queue.length = 0
    this.#queuedBytes = 0
    this.#parts.source.resume()
  }
}

/** With a latency of 100 ms this still passes 10 MB/s. */
const MAX_QUEUED_BYTES = 2 ** 20
/** Each part costs memory beside its bytes. */
const MAX_QUEUED_PARTS = 2 ** 10
/** Bandwidth is handed out in parts of this duration. */
const SLICE_MS = 20
