import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { isInside } from '../base/project-path.ts'
import type { BundleMetafile, BundleOutput } from '../bundle/output.ts'
import type { OutputBuild } from '../bundle/output-build.ts'
import { cleanRefused } from './errors.ts'

/**
 * Deletes what the output folder holds beside the outputs.
 *
 * It runs after the build, so a build that fails leaves the old outputs in place. A folder that
 * is the project itself, or that holds an input, is refused: cleaning it would delete sources.
 *
 * @throws SomonError SOMON_SYSTEM_CLEAN_REFUSED
 */
export function cleanOutputs(
  build: OutputBuild,
  outputs: readonly BundleOutput[],
  metafile: () => BundleMetafile,
): void {
  const { root, outdir } = build
  if (outdir === undefined) {
    throw cleanRefused({ folder: build.outfile ?? '', because: 'there is no output folder' })
  }
  const folder = join(root, outdir)
  if (isInside(folder, root)) {
    throw cleanRefused({ folder: outdir || '.', because: 'the project itself lies in it' })
  }
  const input = Object.keys(metafile().inputs).find((path) => isInside(folder, join(root, path)))
  if (input !== undefined) {
    throw cleanRefused({ folder: outdir, because: `the input "${input}" lies in it` })
  }
  const kept = new Set(outputs.map((output) => join(root, output.path)))
  sweep(folder, kept)
}

/** Returns true when nothing is left in the folder. */
function sweep(folder: string, kept: ReadonlySet<string>): boolean {
  let empty = true
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    const keeps = entry.isDirectory() ? !sweep(path, kept) : kept.has(path)
    if (keeps) empty = false
    else rmSync(path, { recursive: true, force: true })
  }
  return empty
}
