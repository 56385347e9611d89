// What becomes of the transforms of several unplugins in one build of esbuild.
// Usage: node docs/notes/measure/unplugin.js
import { build } from 'esbuild'
import { createUnplugin } from 'unplugin'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const folder = mkdtempSync(join(tmpdir(), 'somon-note-'))
const entry = join(folder, 'entry.js')
writeFileSync(entry, 'globalThis.ran = []')
const appending = (name) => ({
  name,
  transform: (code) => `${code}\nglobalThis.ran.push('${name}')`,
})
const ran = async (plugins) => {
  const { outputFiles } = await build({ entryPoints: [entry], bundle: true, write: false, plugins })
  return [...outputFiles[0].text.matchAll(/push\("(\w+)"\)/g)].map(([, name]) => name).join(', ')
}
const separate = ['first', 'second'].map((name) => createUnplugin(() => appending(name)).esbuild())
const nested = createUnplugin(() => ['first', 'second'].map(appending)).esbuild()
const require = createRequire(import.meta.url)
console.log(`unplugin ${require('unplugin/package.json').version}`)
console.log(`two plugins, each by itself: ${await ran(separate)}`)
console.log(`the same two, nested: ${await ran([nested])}`)
rmSync(folder, { recursive: true })
