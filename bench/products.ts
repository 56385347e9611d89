import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { packageFile, root, workFolder } from './harness/paths.ts'

/** Our command line, as npm installs it. */
export const SOMON = [process.execPath, join(root, 'bin/somon.js')] as const

/** esbuild's command line, as npm installs it without its install script: a JS launcher. */
export const ESBUILD = [process.execPath, packageFile('esbuild', 'bin/esbuild')] as const

/** The program behind that launcher. */
export const ESBUILD_NATIVE = [
  packageFile(`@esbuild/${process.platform}-${process.arch}`, 'bin/esbuild'),
] as const

/** Fails early, with the way out, when the measured build is not there. */
export function requireBuild(): void {
  if (existsSync(join(root, 'dist/cli/main.js'))) return
  throw new Error('Cannot measure somon: dist/ is missing; run "npm run build" first')
}

/** A folder below the work folder, by a name of the question's own. */
export function place(...segments: string[]): string {
  return join(workFolder, ...segments)
}

/** Removes folders, present or not. */
export async function removeAll(...folders: string[]): Promise<void> {
  for (const folder of folders) await rm(folder, { recursive: true, force: true })
}
