import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'

/**
 * `npm start`: builds and runs a real project, zod's own TypeScript sources, through the command
 * line, twice, so that the second time is answered by the cache.
 */
const root = join(import.meta.dirname, '..')
const cacheDir = join(root, '.cache', 'start')
const program = join('fixtures', 'projects', 'start', 'main.ts')
const sources = join('node_modules', 'zod', 'src', 'index.ts')

rmSync(cacheDir, { recursive: true, force: true })
somon('bundle', sources, '--outdir', join('.cache', 'start', 'dist'))
somon('bundle', sources, '--outdir', join('.cache', 'start', 'dist'))
somon('run', program, '--', 'first run')
somon('run', program, '--', 'second run')
somon('explain', program, '--cache')

function somon(...args: readonly string[]): void {
  const shown = args.map((arg) => (arg.includes(' ') ? JSON.stringify(arg) : arg)).join(' ')
  process.stdout.write(`\n$ somon ${shown}\n`)
  const { status, error } = spawnSync(process.execPath, [join('bin', 'somon.js'), ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, SOMON_CACHE_DIR: cacheDir },
  })
  if (error !== undefined) throw error
  if (status !== 0) process.exit(status ?? 1)
}
