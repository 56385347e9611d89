import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { LeakFindings, PlantFindings } from './leak-child.ts'

/** Runs the leak child and returns what it found, by kind. */
export async function runLeakChild<Findings = LeakFindings>(request: {
  readonly kinds: readonly string[]
  readonly reloads: number
  readonly mode?: 'forced' | 'natural' | 'planted'
  readonly nodeOptions?: readonly string[]
}): Promise<Readonly<Record<string, Findings>>> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=somon-source',
    ...(request.nodeOptions ?? ['--expose-gc', '--no-compilation-cache']),
    join(import.meta.dirname, 'leak-child.ts'),
    request.kinds.join(','),
    String(WARM_UP),
    String(request.reloads),
    request.mode ?? 'forced',
  ])
  return JSON.parse(stdout) as Readonly<Record<string, Findings>>
}

const WARM_UP = 50

export type { LeakFindings, PlantFindings }
