// Which ways of running new code let go of the old: 300 copies of a module, how many are collected.
// Usage: node --expose-gc docs/notes/measure/reloads.js
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'

const count = 300
const text =
  'const state = new Array(1000).fill(0)\nexport function read() { return state.length }\n'
const folder = mkdtempSync(join(tmpdir(), 'somon-note-'))
const file = join(folder, 'module.mjs')
writeFileSync(file, text)
const wrapped = `(function ($) {${text.replace('export ', '')}; $(read)})`
const ways = {
  'import() with a query': async (at) => (await import(`${pathToFileURL(file)}?v=${at}`)).read,
  'import() of a data: URL': async (at) =>
    (await import(`data:text/javascript,${encodeURIComponent(`${text}//${at}`)}`)).read,
  'require() of an ES module, cache entry deleted': (at) => {
    const require = createRequire(import.meta.url)
    const copy = join(folder, `${at}.mjs`)
    writeFileSync(copy, text)
    const { read } = require(copy)
    delete require.cache[copy]
    return read
  },
  'a function of a vm.Script': (at) => {
    let read
    new Script(`${wrapped}//${at}`, { filename: `module?g=${at}` }).runInThisContext()(
      (fn) => (read = fn),
    )
    return read
  },
}
console.log(`Node ${process.version}, ${count} copies each`)
for (const [name, way] of Object.entries(ways)) {
  let collected = 0
  const registry = new FinalizationRegistry(() => (collected += 1))
  for (let at = 0; at < count; at += 1) {
    const read = await way(at)
    if (read() !== 1000) throw new Error('the copy does not work')
    registry.register(read)
  }
  for (let turn = 0; turn < 20; turn += 1) {
    globalThis.gc()
    await new Promise((resolve) => setImmediate(resolve))
  }
  console.log(`${name}: ${collected} collected`)
}
rmSync(folder, { recursive: true })
