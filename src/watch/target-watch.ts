import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { codeOf, messageOf } from '../base/error.ts'
import { EventHub, type Emitter, type EventChannel, type Unsubscribe } from '../base/events.ts'
import { Semaphore } from '../base/semaphore.ts'
import { Burst, EVENT_BURST } from './burst.ts'
import type { ChangeKind, ChangeSet, WatchTargets } from './change-set.ts'
import { Debouncer } from './debounce.ts'
import type { WatchEvents } from './events.ts'
import type { FolderHandle, FolderListener, FolderRequest } from './folder-watch.ts'
import { covers, planFolders, type NamesOfInterest, type WatchPlan } from './plan.ts'
import { folderIdentity, isFolder, type Signature } from './signature.ts'
import { Snapshot } from './snapshot.ts'

/** What a target watch is made of. */
export interface TargetWatchParts {
  readonly clock: Clock
  readonly events: Emitter<WatchEvents>
  readonly debounceMs: number
  readonly maxDelayMs: number
  readonly pollMs: number
  readonly openFolder: (request: FolderRequest, listener: FolderListener) => FolderHandle
}

/**
 * Keeps the open folders in step with the targets, and turns their events into change sets.
 *
 * Invariants:
 * - An event only marks a path as worth a look. What a change set says is the difference between
 *   the snapshot and the disk at the end of the window, so a doubled, late or wrong event is
 *   harmless, and an unlink with an add is one change.
 * - A folder that becomes ready is compared once, which covers the time it took to open.
 * - When the structure moves (a folder comes, goes or is exchanged) every path is compared, the
 *   plan is made anew, and folders are opened and closed by the difference.
 */
export class TargetWatch {
  readonly #parts: TargetWatchParts
  readonly #hub = new EventHub<{ change: ChangeSet }>()
  readonly #changed: EventChannel<WatchEvents['watch.changed']>
  readonly #overflowed: EventChannel<WatchEvents['watch.overflow']>
  readonly #debouncer: Debouncer
  readonly #snapshot = new Snapshot()
  readonly #folders = new Map<string, OpenFolder>()
  /** Folders that the system refused to watch: they are polled. */
  readonly #polled = new Set<string>()
  readonly #opening = new Set<Promise<void>>()
  readonly #closing = new Set<Promise<void>>()
  readonly #slots = new Semaphore(MAX_OPENING)
  readonly #burst = new Burst(EVENT_BURST)
  readonly #dirty = new Map<string, boolean>()
  readonly #dirtyFolders = new Set<string>()
  #targets: WatchTargets = { files: [], dirs: [], absent: [] }
  #plan: WatchPlan = { folders: new Map(), structure: new Set() }
  #isOverflow = false
  #closed: Promise<void> | undefined

  constructor(parts: TargetWatchParts) {
    this.#parts = parts
    this.#changed = parts.events.channel('watch.changed')
    this.#overflowed = parts.events.channel('watch.overflow')
    const { clock, debounceMs, maxDelayMs } = parts
    const times = { debounceMs, maxDelayMs }
    this.#debouncer = new Debouncer({ clock, times, flush: () => this.#flush() })
  }

  get watched(): number {
    return this.#snapshot.size
  }

  watch(targets: WatchTargets): void {
    if (this.#closed !== undefined) return
    this.#targets = targets
    this.#snapshot.retarget(targets)
    this.#replan()
  }

  onChange(listener: (changes: ChangeSet) => void): Unsubscribe {
    return this.#hub.on('change', listener)
  }

  async ready(): Promise<void> {
    while (this.#opening.size > 0) await Promise.all(this.#opening)
  }

  setDebounce(debounceMs: number): void {
    this.#debouncer.times = { debounceMs, maxDelayMs: this.#parts.maxDelayMs }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.#debouncer.cancel()
    this.#hub.clear()
    for (const folder of this.#folders.keys()) this.#closeFolder(folder)
    while (this.#opening.size + this.#closing.size > 0) {
      await Promise.all([...this.#opening, ...this.#closing])
    }
  }

  #replan(): void {
    this.#plan = planFolders(this.#targets, isFolder)
    this.#snapshot.restructure(this.#plan.structure)
    for (const folder of this.#folders.keys()) {
      if (!this.#plan.folders.has(folder)) this.#closeFolder(folder)
    }
    for (const [folder, names] of this.#plan.folders) this.#ensureOpen(folder, names)
  }

  #ensureOpen(folder: string, names: NamesOfInterest): void {
    const open = this.#folders.get(folder)
    const identity = folderIdentity(folder)
    if (open !== undefined) {
      if (open.identity === identity && covers(open.names, names)) return
      this.#closeFolder(folder)
    }
    const entry = new OpenFolder(names, identity)
    this.#folders.set(folder, entry)
    const opening = this.#openFolder(folder, entry)
    this.#opening.add(opening)
    void opening.finally(() => this.#opening.delete(opening))
  }

  async #openFolder(folder: string, entry: OpenFolder): Promise<void> {
    const release = await this.#slots.acquire()
    try {
      if (entry.isClosed) return
      const pollMs = this.#polled.has(folder) ? FALLBACK_POLL_MS : this.#parts.pollMs
      const isOptional = entry.names !== 'all' && !this.#hasTarget(folder, entry.names)
      const request = { folder, names: entry.names, pollMs, isOptional }
      entry.handle = this.#parts.openFolder(request, this.#listenerOf(folder, entry))
      await Promise.race([entry.handle.ready, entry.closed])
      if (entry.isClosed) return
      const isSame = folderIdentity(folder) === entry.identity
      if (!isSame || this.#snapshot.differs(folder)) this.#lookAt(folder)
    } finally {
      release()
    }
  }

  #closeFolder(folder: string): void {
    const entry = this.#folders.get(folder)
    if (entry === undefined) return
    this.#folders.delete(folder)
    const closing = entry.close()
    this.#closing.add(closing)
    void closing.finally(() => this.#closing.delete(closing))
  }

  #listenerOf(folder: string, entry: OpenFolder): FolderListener {
    return {
      touched: (name, isChange) => {
        if (!entry.isClosed) this.#touched(folder, name, isChange)
      },
      counted: () => {
        if (!entry.isClosed) this.#counted()
      },
      failed: (error) => {
        if (!entry.isClosed) this.#failed(folder, error)
      },
    }
  }

  #touched(folder: string, name: string | undefined, isChange: boolean): void {
    if (name === undefined) {
      this.#lookAt(folder)
      return
    }
    const names = this.#plan.folders.get(folder)
    const path = join(folder, name)
    const isTracked = this.#snapshot.isTarget(path) || this.#plan.structure.has(path)
    // In a listed folder every name may come or go, but only a target's contents matter.
    if (names === undefined || (!isTracked && (names !== 'all' || isChange))) return
    this.#dirty.set(path, isChange || this.#dirty.get(path) === true)
    this.#debouncer.note()
  }

  #lookAt(folder: string): void {
    this.#dirtyFolders.add(folder)
    this.#debouncer.note()
  }

  #counted(): void {
    if (!this.#burst.add(this.#parts.clock.elapsed())) return
    this.#overflow(`${EVENT_BURST} events at once: the system's queue may have lost some`)
  }

  #failed(folder: string, error: unknown): void {
    const reason = messageOf(error)
    const isExhausted = EXHAUSTED.has(codeOf(error) ?? '')
    if (!isExhausted || this.#parts.pollMs > 0 || this.#polled.has(folder)) {
      this.#overflow(reason, folder)
      return
    }
    this.#polled.add(folder)
    this.#closeFolder(folder)
    const names = this.#plan.folders.get(folder)
    if (names !== undefined) this.#ensureOpen(folder, names)
    this.#overflow(`${reason}; the folder is polled instead`, folder)
  }

  #overflow(reason: string, folder?: string): void {
    this.#isOverflow = true
    if (this.#overflowed.listened) this.#overflowed.emit({ reason, folder })
    this.#debouncer.note()
  }

  #flush(): void {
    const overflow = this.#isOverflow
    const changes = this.#compareDirty(overflow)
    this.#isOverflow = false
    if (changes.size === 0 && !overflow) return
    if (this.#changed.listened) this.#changed.emit({ changes, overflow })
    this.#hub.channel('change').emit({ changes, overflow })
  }

  #compareDirty(overflow: boolean): Map<string, ChangeKind> {
    const changes = new Map<string, ChangeKind>()
    let isMoved = overflow
    for (const [path, isChange] of this.#dirty) {
      if (this.#snapshot.compare(path, isChange, changes)) isMoved = true
    }
    for (const folder of this.#dirtyFolders) {
      if (this.#snapshot.compareFolder(folder, changes)) isMoved = true
      if (this.#folders.get(folder)?.identity !== folderIdentity(folder)) isMoved = true
    }
    this.#dirty.clear()
    this.#dirtyFolders.clear()
    if (isMoved) {
      this.#snapshot.compareAll(changes)
      this.#replan()
    }
    return changes
  }

  #hasTarget(folder: string, names: ReadonlySet<string>): boolean {
    return [...names].some((name) => this.#snapshot.isTarget(join(folder, name)))
  }
}

/** One folder from the wish to watch it until its handle is closed. */
class OpenFolder {
  readonly names: NamesOfInterest
  /** Which folder it is: another one of the same name has to be opened again. */
  readonly identity: Signature
  readonly closed: Promise<void>
  handle: FolderHandle | undefined
  isClosed = false
  readonly #resolveClosed: () => void

  constructor(names: NamesOfInterest, identity: Signature) {
    this.names = names
    this.identity = identity
    const { promise, resolve } = Promise.withResolvers<void>()
    this.closed = promise
    this.#resolveClosed = resolve
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.#resolveClosed()
    await this.handle?.close()
  }
}

/** Opening a folder lists it; more at once only cost memory (500: 56 MB). */
const MAX_OPENING = 16

/** Out of watches, out of descriptors. */
const EXHAUSTED: ReadonlySet<string> = new Set(['ENOSPC', 'EMFILE', 'ENFILE'])

const FALLBACK_POLL_MS = 1000
