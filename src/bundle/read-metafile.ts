import type { EsbuildMetafile } from './esbuild.ts'
import type { BundleMetafile } from './output.ts'

/**
 * Adds to each input what it contributes to the outputs, which esbuild lists by output only, and
 * says of every import whether it leaves the bundle. Both are written into what is given, and a
 * report that has them already stays as it is.
 */
export function readMetafile(metafile: EsbuildMetafile): BundleMetafile {
  const contributed = new Map<string, number>()
  for (const output of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(output.inputs)) {
      contributed.set(path, (contributed.get(path) ?? 0) + bytesInOutput)
    }
  }
  for (const [path, input] of Object.entries(metafile.inputs)) {
    // esbuild leaves the member out where it would be false.
    for (const item of input.imports) item.external ??= false
    Object.assign(input, { bytesInOutput: contributed.get(path) ?? 0 })
  }
  return metafile as unknown as BundleMetafile
}
