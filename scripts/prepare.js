// Runs at `npm ci` of a checkout. Without the development dependencies there is nothing to build
// with and nobody who needs the build.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const compiler = join(import.meta.dirname, '..', 'node_modules', 'typescript')
if (existsSync(compiler)) {
  const { status } = spawnSync('npm', ['run', '--silent', 'build'], {
    stdio: 'inherit',
    shell: true,
  })
  process.exitCode = status ?? 1
}
