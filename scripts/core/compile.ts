import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { transform, type Metafile } from 'esbuild'
import { lex, type Lexed } from '../../src/bundle/lexer.ts'

/**
 * Turns the chunks of `dist/` that loads need into functions in scripts, with V8 code caches.
 *
 * Most of a start is compiling them and loading modules of Node. Node keeps compiled code of ES
 * modules only in a cache that acts on the whole process, which a library must not switch on; a
 * script brings its own. docs/design/0006 has the measurement.
 *
 * The script `core` holds what every load needs, `build` what a build needs beside it. `boot.js`
 * runs them; the chunks keep their names and exports for the chunks that import them.
 *
 * @param banner - what every file begins with
 */
export async function compileCore(root: string, metafile: Metafile, banner: string): Promise<void> {
  const dist = join(root, 'dist')
  const core = chunkWhere(metafile, ({ inputs }) => 'src/system/module-system.ts' in inputs)
  const builder = chunkWhere(metafile, ({ entryPoint }) => entryPoint === 'src/bundle/bundler.ts')
  const rest = [...closure(metafile, builder)].filter((name) => name !== core)
  await writeScript(dist, 'core', [core], banner)
  await writeScript(dist, 'build', rest, banner)
  const table = Object.fromEntries([[core, 'core'], ...rest.map((name) => [name, 'build'])])
  const boot = readFileSync(join(import.meta.dirname, 'boot.js'), 'utf8')
  writeFileSync(
    join(dist, 'boot.js'),
    `${banner}\nconst SCRIPTS = ${JSON.stringify(table)}\n${boot}`,
  )
  const index = join(dist, 'index.js')
  writeFileSync(index, indexText(readFileSync(index, 'utf8'), core))
  rmSync(`${index}.map`)
  await storeCodeCaches(dist)
}

function chunkWhere(
  { outputs }: Metafile,
  isIt: (output: Metafile['outputs'][string]) => boolean,
): string {
  const found = Object.entries(outputs).find(([, output]) => isIt(output))
  if (found === undefined) throw new Error(`Cannot find a chunk: none is as ${String(isIt)} says`)
  return basename(found[0])
}

/** A chunk and all that it imports statically. */
function closure({ outputs }: Metafile, first: string): ReadonlySet<string> {
  const found = new Set([first])
  for (const name of found) {
    const { imports } = outputs[`dist/chunks/${name}`] ?? { imports: [] }
    for (const { path, kind, external } of imports) {
      if (kind === 'import-statement' && external !== true) found.add(basename(path))
    }
  }
  return found
}

/** Writes a script of some chunks, and what is left in their own files. */
async function writeScript(
  dist: string,
  script: string,
  chunks: readonly string[],
  banner: string,
): Promise<void> {
  const functions: string[] = []
  for (const name of chunks) {
    const file = join(dist, 'chunks', name)
    const lexed = lex(readFileSync(file, 'utf8'))
    functions.push(
      `${JSON.stringify(name)}: ${await toFunction(readFileSync(file, 'utf8'), lexed)}`,
    )
    const names = lexed.exports.flatMap((entry) => (entry.kind === 'name' ? [entry.name] : []))
    const taken = `export const { ${names.join(', ')} } = chunk(${JSON.stringify(name)})`
    writeFileSync(file, `${banner}\nimport { chunk } from '../boot.js'\n${taken}\n`)
    rmSync(`${file}.map`)
  }
  // Read as latin1, which is quick and keeps the text in one byte a character. esbuild escapes what
  // is in the way, but in the comments of classes.
  const text = `({\n${functions.join(',\n')}\n})`.replaceAll(COMMENT, (comment) =>
    comment.replaceAll(OTHER, '-'),
  )
  const [other] = text.match(OTHER) ?? []
  if (other !== undefined) throw new Error(`Cannot read ${script} as latin1: it holds "${other}"`)
  writeFileSync(join(dist, 'chunks', `${script}.script.js`), text, 'latin1')
}

const COMMENT = /^ *(?:\/\*\*|\*|\/\/).*$/gm
// eslint-disable-next-line no-control-regex
const OTHER = /[^\0-\x7F]/g

/** A script has no imports of any kind: the function is given what stands for them. */
async function toFunction(chunk: string, lexed: Lexed): Promise<string> {
  const { code } = await transform(renameSyntax(chunk, lexed), {
    format: 'cjs',
    platform: 'node',
    target: 'node24.20',
    charset: 'ascii',
    legalComments: 'none',
  })
  const body = code
    .replaceAll(/__toESM\(require\(("[^"]+")\)\)/g, '$somon.withDefault(require($1))')
    // A copy of hundreds of getters, of which only esbuild's own marker would be new.
    .replace(/^module\.exports = __toCommonJS\((\w+)\)/m, 'module.exports = $1')
  return `function ($somon) {
const module = { exports: {} }, { required: require, performance } = $somon
${body}
return module.exports
}`
}

function renameSyntax(chunk: string, { dynamic, metas }: Lexed): string {
  const edits = [
    ...dynamic.map((span) => ({ ...span, text: '$somon.load' })),
    ...metas.map((span) => ({ ...span, text: '$somon.meta' })),
  ].toSorted((a, b) => a.start - b.start)
  let text = ''
  let end = 0
  for (const edit of edits) {
    text += chunk.slice(end, edit.start) + edit.text
    end = edit.end
  }
  return text + chunk.slice(end)
}

/** `index.js` with the core from the script instead of the chunk: a module less to import. */
function indexText(index: string, core: string): string {
  const [statement, names] =
    new RegExp(`import \\{([^}]*)\\} from "\\./chunks/${core}";\\n`).exec(index) ?? []
  if (statement === undefined || names === undefined) {
    throw new Error(`Cannot put the core into index.js: it does not import "${core}"`)
  }
  const taken = `const {${names.replaceAll(' as ', ': ')}} = chunk(${JSON.stringify(core)})`
  return index
    .replace(statement, `import { chunk } from './boot.js'\n${taken}\n`)
    .replace(/^\/\/# sourceMappingURL.*\n/m, '')
}

/** Something of what projects have, so that the functions which deal with it are compiled. */
const SAMPLE = {
  'package.json': '{ "name": "sample", "type": "module" }',
  'tsconfig.json': '{ "compilerOptions": { "target": "es2022", "strict": true } }',
  'entry.ts': `import { join } from 'node:path'
import data from './data.json'
import { other } from './other.js'
export * from './folder'
export * as more from './folder/more'
export default async function answer(): Promise<string> {
  const { late } = await import('./late')
  return join(String(other), data.name, await late())
}
export class Sample {}`,
  'data.json': '{ "name": "sample" }',
  'other.ts': 'export const other: number = 1',
  'late.ts': "export const late = async (): Promise<string> => 'late'",
  'folder/index.ts': "export { more } from './more'\nexport const index: number = 1",
  'node_modules/@scope/part/package.json': '{ "name": "@scope/part" }',
  'folder/more.ts': "import { other } from '../other.js'\nexport const more: number = other",
}

/** Loads a sample in processes of their own: what V8 has compiled there becomes the code caches. */
async function storeCodeCaches(dist: string): Promise<void> {
  const sample = mkdtempSync(join(realpathSync(tmpdir()), 'somon-build-'))
  for (const [file, text] of Object.entries(SAMPLE)) {
    mkdirSync(dirname(join(sample, file)), { recursive: true })
    writeFileSync(join(sample, file), text)
  }
  const program = join(import.meta.dirname, 'prime.js')
  for (const run of ['fill', 'settle', 'start']) {
    // Young files are hashed, and most starts find old ones: so does the last of these.
    if (run === 'settle') await new Promise((resolve) => setTimeout(resolve, YOUNG_MS))
    const { status } = spawnSync(process.execPath, [program, dist, sample], { stdio: 'inherit' })
    if (status !== 0) throw new Error('Cannot make the code caches: see above')
  }
  rmSync(sample, { recursive: true })
}

/** What was written two seconds before the last check or later is not trusted by its stat. */
const YOUNG_MS = 2_200
