import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Observation } from './observation.ts'

const run = promisify(execFile)
const child = join(import.meta.dirname, 'observe-child.ts')

/**
 * Loads each folder in one fresh process, by somon or by Node itself.
 *
 * `special` is a condition of the project `package-conditions`.
 */
export async function observe(
  way: 'somon' | 'node',
  folders: readonly string[],
): Promise<readonly Observation[]> {
  const flags = ['--conditions=somon-source', '--conditions=special', '--no-warnings']
  const { stdout } = await run(process.execPath, [...flags, child, way, ...folders], {
    maxBuffer: 64 * 1024 * 1024,
  })
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Observation)
}
