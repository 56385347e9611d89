// A thousand components of 5 KB source each.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { heapBytes } from './heap.mjs'
import { report } from './report.mjs'

export const COUNT = 1000

/** Writes the components as TypeScript or as the JavaScript that it means; returns the entries. */
export function writeComponents(folder, extension) {
  const home = join(folder, extension)
  const entries = Array.from({ length: COUNT }, (_, i) => join(home, `component-${i}.${extension}`))
  if (existsSync(entries.at(-1))) return { home, entries }
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, 'package.json'), '{"name":"components","type":"module"}')
  for (const [i, entry] of entries.entries()) writeFileSync(entry, sourceOf(i, extension === 'ts'))
  return { home, entries }
}

/** @param {(entries: readonly string[]) => Promise<readonly { id: number }[]>} loadAll */
export async function measureModules(entries, loadAll) {
  const before = await heapBytes()
  const rssBefore = process.memoryUsage.rss()
  const modules = await loadAll(entries)
  const after = await heapBytes()
  const sum = modules.reduce((total, { id }) => total + id, 0)
  report(
    { modules: modules.length, sum },
    {
      bytesPerModule: (after - before) / COUNT,
      rssPerModule: (process.memoryUsage.rss() - rssBefore) / COUNT,
    },
  )
}

function sourceOf(number, typed) {
  const type = typed ? ': number' : ''
  const lines = [`export const id${type} = ${number}`]
  for (let i = 0; i < 50; i += 1) {
    const parameter = typed ? 'input: { value: number }' : 'input'
    lines.push(
      `export function handler${i}(${parameter})${type} { return input.value * ${i} + ${number} }`,
    )
  }
  return `${lines.join('\n')}\n`
}
