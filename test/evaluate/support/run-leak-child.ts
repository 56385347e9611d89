import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { LeakFindings, PlantFindings } from './leak-child.ts'

/** Runs the leak child and returns what it found. */
export async function runLeakChild<Findings = LeakFindings>(request: {
  readonly kind: string
  readonly reloads: number
  readonly warmUp?: number
  readonly mode?: 'forced' | 'natural' | 'planted'
  readonly nodeOptions?: readonly string[]
}): Promise<Findings> {
  const { kind, reloads, warmUp = 50, mode = 'forced' } = request
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=somon-source',
    ...(request.nodeOptions ?? ['--expose-gc', '--no-compilation-cache']),
    join(import.meta.dirname, 'leak-child.ts'),
    kind,
    String(warmUp),
    String(reloads),
    mode,
  ])
  return JSON.parse(stdout) as Findings
}

export type { LeakFindings, PlantFindings }
