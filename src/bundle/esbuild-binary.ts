import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

/** esbuild's native program for this machine, and its version. */
export interface EsbuildBinary {
  readonly path: string
  readonly version: string
}

/**
 * Finds esbuild's native program without importing esbuild, whose launcher alone costs as much as
 * a small build.
 *
 * @returns undefined where esbuild has no native package or it is not installed; its JavaScript
 *   interface then says what to do
 */
export function findEsbuildBinary(
  platform: string = process.platform,
  arch: string = process.arch,
): EsbuildBinary | undefined {
  const require = createRequire(import.meta.url)
  const manifest = require.resolve('esbuild/package.json')
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }
  const name = `@esbuild/${platform}-${arch}`
  const file = platform === 'win32' ? 'esbuild.exe' : 'bin/esbuild'
  // npm puts the two packages side by side; other installers need Node's own lookup.
  const beside = join(dirname(manifest), '..', name, file)
  if (existsSync(beside)) return { path: beside, version }
  try {
    return { path: createRequire(manifest).resolve(`${name}/${file}`), version }
  } catch {
    return undefined
  }
}
