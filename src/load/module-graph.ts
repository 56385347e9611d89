import type { RelPath } from '../base/project-path.ts'

/** The modules of one or all entries and who imports whom; plain data, for `graph` and `--json`. */
export interface ModuleGraph {
  readonly entries: readonly RelPath[]
  readonly modules: readonly GraphModule[]
  /** Each cycle once, as the list of modules in import order. */
  readonly cycles: readonly (readonly RelPath[])[]
}

/** One module of the graph; `bytes` is the size of its source. */
export interface GraphModule {
  readonly path: RelPath
  readonly kind: 'source' | 'external' | 'builtin'
  readonly bytes: number
  readonly imports: readonly { readonly path: RelPath; readonly kind: string }[]
  readonly importers: readonly RelPath[]
  /** The entries whose artifact holds it. */
  readonly entries: readonly RelPath[]
}
