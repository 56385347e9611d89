// The project that the reload benchmarks edit: an entry that imports a fan of small modules.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { report } from './report.mjs'

const DISCARDED = 20
const COUNTED = 60

const [folder, count, edited, type = 'module'] = process.argv.slice(2)

/** Writes the project: every module has 2 KB and more. */
export function writeProject() {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const manifest = { name: 'reloaded', ...(type === 'none' ? {} : { type }) }
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  for (let i = 1; i < Number(count); i += 1) writeLeaf(i, 0)
  writeEntry(0)
  return { folder, entry: join(folder, 'entry.ts') }
}

/**
 * Measures reloads: writes a new version, lets `next` bring it in, and calls it.
 *
 * @param {(file: string) => Promise<{ version(): number }>} next
 */
export async function measureReloads(next) {
  const file = join(folder, edited === 'leaf' ? 'leaf-1.ts' : 'entry.ts')
  const samples = []
  for (let version = 1; version <= DISCARDED + COUNTED; version += 1) {
    if (edited === 'leaf') writeLeaf(1, version)
    else writeEntry(version)
    const started = performance.now()
    const answer = (await next(file)).version()
    const took = performance.now() - started
    if (answer !== version) throw new Error(`version ${version} was written, ${answer} answered`)
    if (version > DISCARDED) samples.push(took)
  }
  samples.sort((a, b) => a - b)
  report(
    { reloads: COUNTED, modules: Number(count), edited },
    { p50: samples[Math.floor(COUNTED / 2)], p99: samples[Math.ceil(COUNTED * 0.99) - 1] },
  )
}

function writeEntry(version) {
  const leaves = Array.from({ length: Number(count) - 1 }, (_, i) => i + 1)
  const imports = leaves.map((i) => `import { value as v${i} } from './leaf-${i}.ts'`)
  const own = edited === 'leaf' ? 'v1' : String(version)
  const text = [
    ...imports,
    `const values: number[] = [${leaves.map((i) => `v${i}`).join(', ')}]`,
    `export function version(): number { return ${own} }`,
    'export function total(): number { return values.length }',
    filler('entry'),
  ]
  writeFileSync(join(folder, 'entry.ts'), text.join('\n'))
}

function writeLeaf(i, version) {
  const text = [`export const value: number = ${version}`, filler(`leaf${i}`)]
  writeFileSync(join(folder, `leaf-${i}.ts`), text.join('\n'))
}

function filler(name) {
  return Array.from(
    { length: 30 },
    (_, i) =>
      `export function ${name}_${i}(input: { a: number }): number { return input.a + ${i} }`,
  ).join('\n')
}
