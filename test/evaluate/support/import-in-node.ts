import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** One import, and a file that is written before it. */
export interface ImportStep {
  readonly spec: string
  readonly sync?: boolean
  readonly write?: { readonly file: string; readonly text: string }
}

/** Imports in a process of its own; what each import gave: its exports, or a code and a cause. */
export async function importInNode(
  root: string,
  ...steps: readonly ImportStep[]
): Promise<readonly unknown[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=somon-source',
    join(import.meta.dirname, 'import-child.ts'),
    root,
    JSON.stringify(steps),
  ])
  return JSON.parse(stdout) as unknown[]
}
