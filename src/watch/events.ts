import type { ChangeKind } from './change-set.ts'

/** What `watch` tells. */
export interface WatchEvents {
  'watch.changed': {
    /** By absolute path. */
    readonly changes: ReadonlyMap<string, ChangeKind>
    readonly overflow: boolean
  }
  /** The watching that `loading.watch` asks for did not begin; `watch()` can be called instead. */
  'watch.failed': { readonly reason: string; readonly error: unknown }
  'watch.overflow': {
    /** Why events may be missing; everything has to be looked at again. */
    readonly reason: string
    /** The folder whose watch failed; undefined when the whole watcher is in doubt. */
    readonly folder: string | undefined
  }
}
