import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'
import { messageOf } from '../base/error.ts'
import { fromRelPath } from '../base/project-path.ts'
import type { Artifact } from '../bundle/artifact.ts'
import { compileFailed } from './errors.ts'
import { settleError } from './settle-error.ts'

/** A compiled artifact that has not run: its completion value is the wrapper function. */
export interface CompiledScript {
  readonly script: Script
  /** `<absolute entry>?g=<generation>`: what stack frames call it. */
  readonly filename: string
  readonly codeCache: 'used' | 'rejected' | 'none'
}

/** The name under which V8 knows one generation of an entry. */
export function scriptName(root: string, entry: string, generation: number): string {
  return `${fromRelPath(root, entry)}?g=${generation}`
}

/**
 * Compiles the wrapped text of an artifact.
 *
 * @param codeCache - verified bytes only: V8 checks nothing but the length of the source, so
 *   foreign bytes would run as the code of this artifact
 * @throws SomonError SOMON_EVALUATE_COMPILE_FAILED
 */
export function compileArtifact(
  artifact: Artifact,
  request: {
    readonly root: string
    readonly number: number
    readonly codeCache?: Uint8Array | undefined
    /** A source map to hand to an attached debugger; the code cache is then left unused. */
    readonly map?: string | undefined
  },
): CompiledScript {
  if (request.map !== undefined) return compileForDebugger(artifact, request.map, request)
  const filename = scriptName(request.root, artifact.entry, request.number)
  try {
    const script = new Script(artifact.code, {
      filename,
      columnOffset: -artifact.head,
      ...(request.codeCache === undefined ? {} : { cachedData: asBuffer(request.codeCache) }),
    })
    if (request.codeCache === undefined) return { script, filename, codeCache: 'none' }
    return { script, filename, codeCache: script.cachedDataRejected ? 'rejected' : 'used' }
  } catch (error) {
    throw compileFailed(
      { module: artifact.entry, reason: messageOf(error) },
      { cause: settleError(error) },
    )
  }
}

/** Node's own source map support would keep 4–8 KB for each script: only a debugger gets maps. */
function compileForDebugger(
  artifact: Artifact,
  map: string,
  { root, number }: { readonly root: string; readonly number: number },
): CompiledScript {
  const rooted = { ...(JSON.parse(map) as object), sourceRoot: pathToFileURL(`${root}/`).href }
  const base64 = Buffer.from(JSON.stringify(rooted)).toString('base64')
  const code = `${artifact.code}\n//# sourceMappingURL=data:application/json;base64,${base64}`
  return compileArtifact({ ...artifact, code }, { root, number })
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
