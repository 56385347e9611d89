/** What happened to one path between two change sets. */
export type ChangeKind = 'changed' | 'added' | 'removed'

/** The changes that belong together: those of one debounce window, one entry per path. */
export interface ChangeSet {
  /** Absolute paths. */
  readonly changes: ReadonlyMap<string, ChangeKind>
  /** True when the watcher lost events: everything has to be looked at again. */
  readonly overflow: boolean
}

/** Exactly what is watched: files, folders, links and paths that do not exist yet, all absolute. */
export interface WatchTargets {
  readonly files: readonly string[]
  readonly dirs: readonly string[]
  readonly absent: readonly string[]
}
