import type { SomonError } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import type { Artifact } from './artifact.ts'
import type { BuildInputs } from './build-inputs.ts'
import type { BuildMetafile } from './metafile.ts'

/** What a build made of one entry. */
export type BuildOutcome =
  | {
      readonly ok: true
      readonly entry: RelPath
      readonly artifact: Artifact
      readonly inputs: BuildInputs
      /** The part of esbuild's metafile that this entry reaches; paths relative to the root. */
      readonly metafile: BuildMetafile
      /** The source map as JSON text when it was asked for eagerly. */
      readonly map: string | undefined
      /** Bytes of the assets, by the digest the artifact names them with. */
      readonly assets: ReadonlyMap<string, Uint8Array>
    }
  | {
      readonly ok: false
      readonly entry: RelPath
      readonly error: SomonError
      /**
       * What the failed build had looked at, as far as it is known, so that a repair is noticed;
       * holds at least the entry and the files and absent paths that the errors name.
       */
      readonly inputs: BuildInputs
    }
