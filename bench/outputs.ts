import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { digest, digestParts } from '../src/base/digest.ts'
import { childScript } from './harness/paths.ts'
import { runCommand } from './harness/process-run.ts'
import { reportedProof } from './harness/child-report.ts'

/** Names the bytes of a folder of outputs: equal outputs have equal digests. */
export async function digestOfFolder(folder: string): Promise<string> {
  const files = await Array.fromAsync(glob('**/*.{js,mjs,map}', { cwd: folder }))
  const parts: string[] = []
  for (const file of files.toSorted()) {
    parts.push(file, digest(await readFile(join(folder, file))))
  }
  if (parts.length === 0) throw new Error('no output files')
  return digestParts(parts).slice(0, 16)
}

/** Runs a bundled package in a fresh process and returns what its probe answers. */
export async function proofOfBundle(file: string, probe: string): Promise<string> {
  const run = await runCommand({
    argv: [process.execPath, childScript('load-native.mjs'), file, probe],
  })
  if (run.exitCode !== 0) throw new Error(`the output does not run: ${run.stderr}`)
  return reportedProof(run)
}
