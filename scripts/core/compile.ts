import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { transform, type Metafile } from 'esbuild'
import { lex, prepareLexer, type Lexed } from '../../src/bundle/lexer.ts'

/**
 * Turns the core chunk of `dist/` into a function in a script with a V8 code cache beside it.
 *
 * Most of a start is compiling the core and loading modules of Node. Node keeps compiled code of
 * ES modules only in a cache that acts on the whole process, which a library must not switch on;
 * a script brings its own. docs/design/0006 has the measurement.
 *
 * `index.js` runs the script; the chunk keeps its name and exports for the chunks that import it.
 *
 * @param banner - what every file begins with
 */
export async function compileCore(root: string, metafile: Metafile, banner: string): Promise<void> {
  const dist = join(root, 'dist')
  const index = join(dist, 'index.js')
  const chunk = coreChunk(metafile)
  const chunkFile = join(dist, 'chunks', chunk)
  const { text, names } = await toFunction(readFileSync(chunkFile, 'utf8'))
  writeFileSync(join(dist, 'chunks', 'core.script.js'), text, 'latin1')
  writeFileSync(
    chunkFile,
    `${banner}\nimport { 'somon:core' as core } from '../index.js'\nexport const { ${names.join(', ')} } = core\n`,
  )
  const boot = readFileSync(join(import.meta.dirname, 'boot.js'), 'utf8')
  writeFileSync(index, indexText(readFileSync(index, 'utf8'), chunk, boot))
  for (const file of [index, chunkFile]) rmSync(`${file}.map`)
  storeCodeCache(dist)
}

/** The name of the chunk that holds the class every start needs. */
function coreChunk({ outputs }: Metafile): string {
  const found = Object.entries(outputs).find(
    ([, { inputs }]) => inputs['src/system/module-system.ts'] !== undefined,
  )
  if (found === undefined) throw new Error('Cannot find the core chunk: no output holds it')
  return basename(found[0])
}

/** A script has no imports of any kind: the function is given what stands for them. */
async function toFunction(
  chunk: string,
): Promise<{ readonly text: string; readonly names: readonly string[] }> {
  await prepareLexer()
  const lexed = lex(chunk)
  const other = lexed.imports.find(({ specifier }) => !specifier.startsWith('node:'))
  if (other !== undefined) {
    throw new Error(`Cannot make one script of the core: it imports "${other.specifier}"`)
  }
  const { code } = await transform(renameSyntax(chunk, lexed), {
    format: 'cjs',
    platform: 'node',
    target: 'node24.20',
    charset: 'ascii',
    legalComments: 'none',
  })
  const body = code.replaceAll(/__toESM\(require\(("[^"]+")\)\)/g, '$core.withDefault(require($1))')
  const text = `(function ($core) {
const module = { exports: {} }, { required: require, performance } = $core
${body}
return module.exports
})`
  // Read as latin1, which is quick and keeps the text in one byte a character.
  const strange = /[^\0-\x7F]/.exec(text)
  if (strange !== null) throw new Error(`Cannot read the core as latin1: it holds "${strange[0]}"`)
  const names = lexed.exports.flatMap((entry) => (entry.kind === 'name' ? [entry.name] : []))
  return { text, names }
}

function renameSyntax(chunk: string, { dynamic, metas }: Lexed): string {
  const edits = [
    ...dynamic.map((span) => ({ ...span, text: '$core.load' })),
    ...metas.map((span) => ({ ...span, text: '$core.meta' })),
  ].toSorted((a, b) => a.start - b.start)
  let text = ''
  let end = 0
  for (const edit of edits) {
    text += chunk.slice(end, edit.start) + edit.text
    end = edit.end
  }
  return text + chunk.slice(end)
}

/** `index.js` with the boot instead of the import of the core. */
function indexText(index: string, chunk: string, boot: string): string {
  const [statement, names] =
    new RegExp(`import \\{([^}]*)\\} from "\\./chunks/${chunk}";\\n`).exec(index) ?? []
  if (statement === undefined || names === undefined) {
    throw new Error(`Cannot put the core into index.js: it does not import "${chunk}"`)
  }
  const taken = `const {${names.replaceAll(' as ', ': ')}} = core\n`
  return index.replace(statement, `${boot}${taken}`).replace(/^\/\/# sourceMappingURL.*\n/m, '')
}

/** Runs a cached load in a process of its own, whose compiled functions become the code cache. */
function storeCodeCache(dist: string): void {
  const sample = mkdtempSync(join(realpathSync(tmpdir()), 'somon-build-'))
  writeFileSync(join(sample, 'package.json'), '{ "name": "sample" }')
  writeFileSync(join(sample, 'entry.ts'), "export { other } from './other.ts'\n")
  writeFileSync(join(sample, 'other.ts'), 'export const other: number = 1\n')
  const program = join(import.meta.dirname, 'prime.js')
  for (const _ of ['fill', 'store']) {
    const { status } = spawnSync(process.execPath, [program, dist, sample], { stdio: 'inherit' })
    if (status !== 0) throw new Error('Cannot make the code cache of the core: see above')
  }
  rmSync(sample, { recursive: true })
}
