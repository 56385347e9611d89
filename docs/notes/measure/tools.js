// Behaviour of esbuild and oxc-resolver that the code works around.
// Usage: node docs/notes/measure/tools.js
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { build, version } from 'esbuild'
import oxc from 'oxc-resolver'

const folder = mkdtempSync(join(tmpdir(), 'somon-note-'))
const write = (name, text) => {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  writeFileSync(join(folder, name), text)
  return join(folder, name)
}
const options = {
  absWorkingDir: folder,
  bundle: true,
  format: 'esm',
  platform: 'node',
  write: false,
  logLevel: 'silent',
}
console.log(`esbuild ${version}`)

write('package.json', '{"type":"module"}')
write('tsconfig.json', '{"extends":"./base.json"}')
write('base.json', '{"compilerOptions":{"jsx":"preserve"}}')
const { metafile } = await build({
  ...options,
  metafile: true,
  entryPoints: [write('main.ts', 'export const a = 1')],
})
console.log(`inputs in the metafile: ${Object.keys(metafile.inputs).join(', ')}`)

write('data.json', '{"a":1}')
const claiming = {
  name: 'claiming',
  setup({ onLoad }) {
    onLoad({ filter: /json$/ }, () => ({ contents: '{"a":1}', loader: 'default' }))
  },
}
const attributed = [
  write(
    'text.js',
    "import data from './data.json' with { type: 'text' }\nconsole.log(typeof data)",
  ),
]
const kindOf = async (plugins) => {
  try {
    const { outputFiles } = await build({ ...options, entryPoints: attributed, plugins })
    return /"\{|'\{|`\{/.test(outputFiles[0]?.text ?? '') ? 'a text' : 'an object'
  } catch (error) {
    return error.errors?.[0]?.text ?? String(error)
  }
}
console.log(`with { type: 'text' } without a plugin: ${await kindOf([])}`)
console.log(`with { type: 'text' } and loader "default" of a plugin: ${await kindOf([claiming])}`)

write('both.js', 'export const from = "js"')
write('both.ts', 'export const from = "ts"')
const { outputFiles } = await build({
  ...options,
  entryPoints: [write('both-main.ts', "export { from } from './both.js'")],
})
console.log(
  `./both.js with both.js and both.ts there: takes ${/"(js|ts)"/.exec(outputFiles[0].text)?.[1]}`,
)
write('orders/index.mts', 'export const a = 1')
const index = await build({
  ...options,
  entryPoints: [write('index-main.ts', "export { a } from './orders'")],
}).then(
  () => 'found',
  (error) => error.errors[0].text,
)
console.log(`./orders with index.mts there: ${index}`)

const resolver = new oxc.ResolverFactory({ extensions: ['.ts'] })
const found = () => (resolver.sync(folder, './later').path === undefined ? 'missing' : 'found')
const first = found()
write('later.ts', '')
const second = found()
resolver.clearCache()
console.log(
  `oxc-resolver, a file that appears: ${first}, then ${second}, after clearCache() ${found()}`,
)
rmSync(folder, { recursive: true })
