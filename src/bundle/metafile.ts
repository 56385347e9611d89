import type { RelPath } from '../base/project-path.ts'

/** The import graph of a build, in esbuild's form with paths relative to the project root. */
export interface BuildMetafile {
  readonly inputs: Readonly<Record<RelPath, MetafileInput>>
}

/** One module of the graph; sizes in bytes of the source and of the output. */
export interface MetafileInput {
  readonly bytes: number
  /** How many bytes of the output came from this file; 0 when all of it was shaken off. */
  readonly bytesInOutput: number
  readonly format?: 'esm' | 'cjs'
  readonly imports: readonly MetafileImport[]
}

/** One import of a module, resolved. */
export interface MetafileImport {
  /** Relative to the root for sources; the specifier for externals and builtins. */
  readonly path: RelPath
  readonly kind: string
  readonly external: boolean
  /** As written in the source. */
  readonly original?: string
}
