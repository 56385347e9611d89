// What a second import of a package does after a failure, under its own URL and under a fresh one.
// Usage: node docs/notes/measure/import-again.js
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const folder = mkdtempSync(join(tmpdir(), 'somon-note-'))
const fails = 'globalThis.n = (globalThis.n ?? 0) + 1; throw new Error(`failure ${globalThis.n}`)'
const packages = {
  'an ES module': { 'index.mjs': fails },
  'one above an ES module': { 'index.mjs': 'import "./below.mjs"', 'below.mjs': fails },
  'one above a CommonJS file': {
    'index.mjs': 'import { key } from "./below.cjs"; globalThis.ran = `ran, key is ${key}`',
    'below.cjs': `exports.key = 1; ${fails}`,
  },
  'a CommonJS file': { 'index.cjs': fails },
  'one above CommonJS, required': { 'index.cjs': 'require("./below.cjs")', 'below.cjs': fails },
  'a missing file': { 'index.mjs': 'import "./none.mjs"' },
  'a syntax error': { 'index.mjs': 'let = = 1' },
}
const uncaught = []
process.on('unhandledRejection', (error) => uncaught.push(error.message))

console.log(`Node ${process.version}`)
for (const [name, files] of Object.entries(packages)) {
  const here = join(folder, name.replaceAll(' ', '-'))
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(here, file)), { recursive: true })
    writeFileSync(join(here, file), text)
  }
  const { href } = pathToFileURL(join(here, Object.keys(files)[0]))
  const [first, again, fresh] = [
    await failure(href),
    await failure(href),
    await failure(`${href}?1`),
  ]
  const tell = (error) =>
    error === undefined
      ? `succeeds: ${globalThis.ran}`
      : error === first
        ? 'the same error object'
        : 'another error'
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
  const fatal = uncaught.length > 0 ? `; unhandled: ${uncaught.splice(0)}` : ''
  console.log(`${name.padEnd(30)} again: ${tell(again)}; fresh URL: ${tell(fresh)}${fatal}`)
}
rmSync(folder, { recursive: true })

async function failure(url) {
  try {
    await import(url)
  } catch (error) {
    return error
  }
  return undefined
}
