import type { Digest } from '../base/digest.ts'
import { digestParts } from '../base/digest.ts'
import type { RelPath } from '../base/project-path.ts'

/**
 * Names what is asked for: one entry built in one way.
 *
 * Contents are no part of it, so the artifacts of every state of the sources share a key and the
 * manifests under it decide which one holds. No absolute path enters it: a project keeps its
 * cache when it moves.
 */
export function requestKey(entry: RelPath, fingerprint: Digest): Digest {
  return digestParts(['request', entry, fingerprint])
}
