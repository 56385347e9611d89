import type { Digest } from '../base/digest.ts'
import type { RelPath } from '../base/project-path.ts'
import type { ResolutionStep } from '../resolve/resolution.ts'
import type { Explanation } from './explanation.ts'
import type { ArtifactSource } from './loaded-artifact.ts'
import type { Lookup } from './lookup.ts'
import type { Resident, ResidentArtifacts } from './resident.ts'
import type { ValidateMode } from './validate.ts'

/** What an explanation is put together from. */
export interface ExplainParts {
  readonly key: Digest
  readonly uncacheable: string | undefined
  readonly lookup: Lookup
  readonly residents: ResidentArtifacts
  readonly mode: ValidateMode
  readonly resolution: readonly ResolutionStep[]
  readonly importers: readonly RelPath[]
}

/** Says which tier would answer now and, when none would, everything that has changed. */
export async function explain(entry: RelPath, parts: ExplainParts): Promise<Explanation> {
  const { key, lookup, residents, mode, resolution, importers } = parts
  const held = residents.peek(key)
  const answer = await whoAnswers(held, parts)
  const known = answer.resident ?? held
  return {
    entry,
    resolution,
    key,
    artifact: known?.artifact.id,
    answeredBy: answer.source,
    because: answer.resident === undefined ? lookup.explain(held, key, mode) : [],
    uncacheable: parts.uncacheable ?? known?.manifest.uncacheable,
    inputs: known?.manifest.files.length ?? 0,
    importers,
    generations: [],
  }
}

interface Answer {
  readonly source: ArtifactSource
  readonly resident: Resident | undefined
}

async function whoAnswers(held: Resident | undefined, parts: ExplainParts): Promise<Answer> {
  const { key, lookup, mode, uncacheable } = parts
  if (held !== undefined && lookup.memory(held, mode).hit) {
    return { source: 'memory', resident: held }
  }
  if (uncacheable !== undefined) return { source: 'miss', resident: undefined }
  const disk = lookup.disk(key, mode, KEEP_NOTHING)
  if (disk.resident !== undefined) return { source: 'disk', resident: disk.resident }
  const { resident } = await lookup.external(key, new AbortController().signal, KEEP_NOTHING)
  return { source: resident === undefined ? 'miss' : 'external', resident }
}

const KEEP_NOTHING = { keep: false } as const
