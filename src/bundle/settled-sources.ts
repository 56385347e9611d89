import { statSync } from 'node:fs'
import { isSettled } from '../base/settled.ts'
import type { EsbuildMetafile } from './esbuild.ts'
import type { HotSession } from './hot-session.ts'
import { readInput, type InputCollector, type ReadInput } from './inputs.ts'

/** Why a build that read its sources by itself may not be used. */
export type Doubt = 'young' | 'unknown' | 'rewritten'

/**
 * Proves what a first build has compiled that has read its sources by itself, and adopts it.
 *
 * A file that was old when the build began, and is the same now, held then what it holds now:
 * every write in between would have given it a younger time. Nothing else is known of a file that
 * nobody had looked at before.
 *
 * @param startedAt - wall time before the build, ms
 * @returns what there is to doubt; undefined when `collector` holds every source
 */
export function adoptSettled(
  metafile: EsbuildMetafile,
  session: Pick<HotSession, 'sources' | 'mayEsbuildRead'>,
  collector: InputCollector,
  startedAt: number,
): Doubt | undefined {
  const read: (readonly [file: string, input: ReadInput])[] = []
  for (const { file, isAttributed } of session.sources(metafile)) {
    if (isAttributed) return 'unknown'
    const input = tryRead(file)
    if (input === undefined || !isSettled(input.stat, startedAt)) return 'young'
    if (!session.mayEsbuildRead(file, input)) return 'rewritten'
    read.push([file, input])
  }
  for (const [file, input] of read) collector.adopt(file, input)
  return undefined
}

/** Tells whether a source is old enough for a build to read it by itself. */
export function isSettledFile(file: string, now: number): boolean {
  const stat = statSync(file, { throwIfNoEntry: false })
  return stat !== undefined && isSettled(stat, now)
}

function tryRead(file: string): ReadInput | undefined {
  try {
    return readInput(file)
  } catch {
    return undefined
  }
}
