import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Runs the built package under the oldest and the newest supported Node: bundle, load, reload.
 *
 * Each Node comes from the npm package `node`, installed once below `.cache/nodes`. Ends with exit
 * code 1 when a step fails.
 */
const VERSIONS = ['24.20.0', '26.10.0']
const root = join(import.meta.dirname, '..')

for (const version of VERSIONS) smoke(version)

function smoke(version: string): void {
  const node = installedNode(version)
  const project = mkdtempSync(join(tmpdir(), 'somon-smoke-'))
  try {
    writeFileSync(join(project, 'main.ts'), 'export const version: number = 1\nconsole.log("ran")')
    writeFileSync(join(project, 'reload.mjs'), reloadProgram())
    const somon = join(root, 'bin', 'somon.js')
    expectOutput(run(node, [somon, '--version'], project), packageVersion())
    run(node, [somon, 'bundle', 'main.ts', '--outdir', 'dist'], project)
    expectOutput(run(node, [join('dist', 'main.js')], project), 'ran')
    expectOutput(run(node, [somon, 'run', 'main.ts'], project), 'ran')
    expectOutput(run(node, ['reload.mjs'], project), 'reloaded 2')
  } finally {
    rmSync(project, { recursive: true, force: true })
  }
  console.log(`Node ${version}: version, bundle, run, load and reload work`)
}

function installedNode(version: string): string {
  const folder = join(root, '.cache', 'nodes', version)
  const node = join(folder, 'node_modules', '.bin', 'node')
  if (existsSync(node)) return node
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ name: 'node-for-smoke', private: true, allowScripts: { node: true } }),
  )
  const { status, stderr } = spawnSync('npm', ['install', `node@${version}`], {
    cwd: folder,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`Cannot install node@${version}: ${stderr}`)
  return node
}

function run(node: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(node, args, { cwd, encoding: 'utf8' })
  if (status === 0) return stdout
  throw new Error(`${node} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`)
}

function expectOutput(output: string, wanted: string): void {
  if (!output.includes(wanted)) throw new Error(`Expected "${wanted}" in:\n${output}`)
}

function packageVersion(): string {
  const text = readFileSync(join(root, 'package.json'), 'utf8')
  return (JSON.parse(text) as { version: string }).version
}

function reloadProgram(): string {
  return `
    import { writeFile } from 'node:fs/promises'
    import { ModuleSystem } from ${JSON.stringify(join(root, 'dist', 'index.js'))}
    const system = new ModuleSystem({ root: import.meta.dirname })
    const module = await system.load('./main.ts')
    await writeFile('main.ts', 'export const version: number = 2')
    const { outcome } = await module.reload()
    console.log(outcome, module.exports.version)
    await system.shutdown()`
}
