// Builds after `npm ci` of a checkout, as the script `dependencies`: npm runs that one for the
// project itself and, other than `prepare`, counts it nowhere as a script of an installed package.
// Without the development dependencies there is nothing to build with and nobody who needs it.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const compiler = join(import.meta.dirname, '..', 'node_modules', 'typescript')
const npm = process.env.npm_execpath
if (npm === undefined) {
  console.error('Cannot build without npm: run "npm run build" instead')
  process.exitCode = 1
} else if (existsSync(compiler)) {
  console.log('Building somon and its plugins, which takes some seconds')
  const { status } = spawnSync(process.execPath, [npm, 'run', '--silent', 'build'], {
    stdio: 'inherit',
  })
  process.exitCode = status ?? 1
}
