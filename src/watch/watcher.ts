import { realpathSync } from 'node:fs'
import { basename, dirname, isAbsolute, relative } from 'node:path'
import { watch as watchPath, type FSWatcher } from 'chokidar'
import type { Clock } from '../base/clock.ts'
import type { Emitter, Unsubscribe } from '../base/events.ts'
import type { ChangeSet, WatchTargets } from './change-set.ts'
import type { WatchEvents } from './events.ts'
import type { FolderHandle, FolderListener, FolderRequest } from './folder-watch.ts'
import { TargetWatch } from './target-watch.ts'

/** Watches exactly what it is told to, and reports changes that belong together at once. */
export interface Watcher {
  /**
   * Replaces what is watched; what stays is not disturbed.
   *
   * Changes count from this call on, also while the watches are still being set up: the state of
   * every new path is noted before it returns.
   *
   * @throws nothing; what cannot be watched is reported as an overflow
   */
  watch(targets: WatchTargets): void
  /** Listeners are called in order of subscription; one that throws disturbs no other. */
  onChange(listener: (changes: ChangeSet) => void): Unsubscribe
  /** Resolves once everything asked for is being watched. */
  ready(): Promise<void>
  /** How many paths are watched: the targets. */
  readonly watched: number
  setDebounce(debounceMs: number): void
  /** Ends every watch and drops what waits; later calls of `watch` do nothing. */
  close(): Promise<void>
}

/** What a watcher is made of. */
export interface WatcherParts {
  readonly clock: Clock
  readonly events: Emitter<WatchEvents>
  readonly debounceMs: number
  readonly maxDelayMs: number
  /** 0 uses the system's notifications; anything else looks at every path that often. */
  readonly pollMs: number
}

/** Makes a watcher; nothing is opened before `watch` is called. */
export function createWatcher(parts: WatcherParts): Watcher {
  return new TargetWatch({ ...parts, openFolder })
}

/**
 * Opens one folder with chokidar 6: its direct children, never below.
 *
 * One chokidar instance a folder, because only an instance tells when it is ready, and because
 * `unwatch()` keeps a path ignored for ever. Its events only say where to look: chokidar 6.0.0
 * reports nothing when a folder is exchanged for another of the same name, and misses the
 * contents of a folder that was removed and made again (docs/notes/chokidar.md), so its raw events
 * are listened to as well and the truth is read from disk. `atomic` is off: the debounce window
 * already joins an unlink and an add, without chokidar's 100 ms.
 */
export function openFolder(request: FolderRequest, listener: FolderListener): FolderHandle {
  const { names } = request
  const folder = realpathOr(request.folder)
  const own = basename(folder)
  const watcher = watchPath(folder, {
    depth: 0,
    ignoreInitial: true,
    followSymlinks: false,
    atomic: false,
    ignorePermissionErrors: request.isOptional,
    ...backendOf(request.pollMs),
    ...(names === 'all'
      ? {}
      : { ignored: (path) => dirname(path) === folder && !names.has(basename(path)) }),
  })
  watcher.on('all', (event, path) => {
    const isOwn = path === folder
    listener.touched(isOwn ? undefined : relative(folder, path), event === 'change')
  })
  watcher.on('raw', (event, path) => {
    listener.counted()
    const name = typeof path === 'string' ? rawName(folder, path) : undefined
    // A folder that is itself moved or removed is told to its own watch by its own name.
    if (name === own && event === 'rename') listener.touched(undefined, false)
    listener.touched(name, event === 'change')
  })
  watcher.on('error', (error) => listener.failed(error))
  return { ready: readyOf(watcher), close: () => watcher.close() }
}

function backendOf(pollMs: number): Parameters<typeof watchPath>[1] & object {
  if (pollMs === 0) return { backend: 'native' }
  return { backend: 'polling', pollingInterval: pollMs, pollingBinaryInterval: pollMs }
}

function readyOf(watcher: FSWatcher): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  watcher.once('ready', resolve)
  return promise
}

/** Native events name the child, polled ones its whole path; the folder itself has no name. */
function rawName(folder: string, path: string): string | undefined {
  const name = isAbsolute(path) ? relative(folder, path) : path
  return name === '' ? undefined : name
}

/** chokidar does not look into a folder that it reaches through a link. */
function realpathOr(folder: string): string {
  try {
    return realpathSync.native(folder)
  } catch {
    // It has just vanished: chokidar waits for it, and the watch of its parent tells us.
    return folder
  }
}
