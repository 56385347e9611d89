// The module that the retention benchmarks reload, and how what stays of it is counted.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { heapBytes } from './heap.mjs'
import { report } from './report.mjs'

const WARM_UP = 50

const [folder, kind, count] = process.argv.slice(2)
const COUNTED = Number(count)
const extension = kind === 'commonjs' ? 'cts' : 'ts'

export function writeModule() {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const type = kind === 'commonjs' ? 'commonjs' : 'module'
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'retained', type }))
  writeVersion(0)
  return { folder, entry: join(folder, `entry.${extension}`) }
}

/**
 * Reloads as often as the last argument says and reports what stays.
 *
 * @param {(file: string) => Promise<{ state: object, version: number }>} next
 * @param {() => Promise<void>} settled waits until retired generations are let go
 */
export async function measureRetention(next, settled = async () => {}) {
  let collected = 0
  const registry = new FinalizationRegistry(() => {
    collected += 1
  })
  const reloadTo = async (version) => {
    writeVersion(version)
    const namespace = await next(join(folder, `entry.${extension}`))
    // What CommonJS exports is the default of its namespace, where names are not guessed.
    const exports = namespace.version === undefined ? namespace.default : namespace
    if (exports.version !== version) throw new Error(`got version ${exports.version}`)
    registry.register(exports.state)
  }
  for (let version = 1; version <= WARM_UP; version += 1) await reloadTo(version)
  await settled()
  const before = await heapBytes()
  const rssBefore = process.memoryUsage.rss()
  const collectedBefore = collected
  for (let version = WARM_UP + 1; version <= WARM_UP + COUNTED; version += 1)
    await reloadTo(version)
  await settled()
  const after = await heapBytes()
  report(
    { kind, reloads: COUNTED },
    {
      bytesPerReload: (after - before) / COUNTED,
      rssPerReload: (process.memoryUsage.rss() - rssBefore) / COUNTED,
      collectedShare: (collected - collectedBefore) / COUNTED,
    },
  )
}

function writeVersion(version) {
  const lines = Array.from(
    { length: 30 },
    (_, i) => `function part${i}(input: { a: number }): number { return input.a + ${i} }`,
  )
  const state = 'const state = { data: Array.from({ length: 1500 }, (_, i) => i + 0.5) }'
  const parts = `const parts = [${lines.map((_, i) => `part${i}`).join(', ')}]`
  const body = [...lines, state, parts, ...BODIES[kind](version)]
  writeFileSync(join(folder, `entry.${extension}`), `${body.join('\n')}\n`)
  if (kind === 'cycles') {
    writeFileSync(
      join(folder, 'other.ts'),
      `import { state } from './entry.ts'\nexport const size = (): number => state.data.length + ${version}\n`,
    )
  }
}

const BODIES = {
  commonjs: (version) => [`module.exports = { state, parts, version: ${version} }`],
  esm: (version) => [`export const version = ${version}`, 'export { state, parts }'],
  'top-level-await': (version) => [
    `export const version = await Promise.resolve(${version})`,
    'export { state, parts }',
  ],
  timers: (version) => [
    'setInterval(() => state.data.length, 60_000).unref()',
    'setTimeout(() => state.data.length, 600_000).unref()',
    `export const version = ${version}`,
    'export { state, parts }',
  ],
  cycles: (version) => [
    `import { size } from './other.ts'`,
    `export const version = ${version}`,
    'export { state, parts, size }',
  ],
}
