import type { RelPath } from '../base/project-path.ts'
import type { BuildMetafile } from './metafile.ts'

/** One step of the way from an entry to a module. */
export interface WhyStep {
  readonly path: RelPath
  /** As the step before wrote it; undefined for the entry. */
  readonly specifier: string | undefined
  readonly kind: string | undefined
}

/**
 * Finds for every module the shortest chain of imports that leads to it from an entry, the entry
 * first: the reason why it is in the bundle.
 */
export function whyIncluded(
  metafile: BuildMetafile,
  entries: Iterable<RelPath>,
): ReadonlyMap<RelPath, readonly WhyStep[]> {
  const chains = new Map<RelPath, readonly WhyStep[]>()
  for (const path of entries) chains.set(path, [{ path, specifier: undefined, kind: undefined }])
  // A map hands out what is added while it is walked: it is the queue of the search.
  for (const [path, chain] of chains) {
    for (const { path: target, kind, original, external } of metafile.inputs[path]?.imports ?? []) {
      if (external || chains.has(target)) continue
      chains.set(target, [...chain, { path: target, specifier: original, kind }])
    }
  }
  return chains
}
