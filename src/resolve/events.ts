import type { ImportKind } from './resolution.ts'

/** What `resolve` tells; a specifier that was found is not worth an event. */
export interface ResolveEvents {
  'resolve.failed': {
    readonly specifier: string
    /** Absolute path of the importing file, or of the folder for entries. */
    readonly importer: string
    readonly kind: ImportKind
    readonly class: 'missing' | 'refused'
    readonly reason: string
  }
}
