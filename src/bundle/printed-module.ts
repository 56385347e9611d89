import { parseImportClause } from './import-clause.ts'
import type { Lexed, LexedExport, StaticImport } from './lexer.ts'
import { compilesWithoutAwait } from './top-level-await.ts'

/** The module syntax of a printed text. */
export interface PrintedModule extends Lexed {
  /** It was compiled where no top-level `await` may stand; false says nothing. */
  readonly isAwaitFree: boolean
}

/**
 * Reads the module syntax of a bundle without tokenizing it, where esbuild has printed it so plainly
 * that a few searches find all of it and V8's parser confirms them.
 *
 * The lexer is a WebAssembly module with 16 MB of memory, which makes V8 collect the whole heap:
 * together a seventh of a first load (docs/design/0011-plain-bundles-are-searched.md).
 *
 * Every use of the word `import` in code looks like `IMPORT_USE`. Import statements in the one form
 * that esbuild prints are read; each of them becomes an opening brace, every other use a word that
 * is no JavaScript, and V8 compiles that with as many closing braces. It succeeds only when each
 * statement is code and no other use is: in a string, a template, a comment or a regular expression
 * braces do not count, and the word does no harm. The list of exports ends the text and holds no
 * character that could end any of these, so it is code.
 *
 * @returns undefined when there is anything else: `import()`, `import.meta`, top-level `await`,
 *   attributes, `export … from`, an exported import, `export default`
 */
export function readPrinted(text: string): PrintedModule | undefined {
  if (text.startsWith('#!') || text.includes(NO_WORD)) return undefined
  const list = EXPORT_LIST.exec(text)
  const end = list?.index ?? text.length
  const first = EXPORT_USE.exec(text)
  if (first !== null && first.index !== end) return undefined
  const code = text.slice(0, end)
  const imports = Array.from(code.matchAll(IMPORT_STATEMENT), toImport)
  const exports = exportsOf(list?.[1] ?? '')
  if (passesOn(imports, exports)) return undefined
  const isAwaitFree = imports.length > 0 || IMPORT_USE.test(code)
  if (isAwaitFree && !compilesWithoutAwait(probe(code))) return undefined
  return {
    imports,
    dynamic: [],
    metas: [],
    exports,
    exportStarts: list === null ? [] : [end],
    hasModuleSyntax: imports.length > 0 || list !== null,
    isAwaitFree,
  }
}

/** Of the width of `import`, and an error wherever it stands in code. */
const NO_WORD = '#mport'

/** At the end of the text, names that need neither quotes nor escapes. */
const EXPORT_LIST = /(?<=^|\n)export \{\n((?: {2}[\w$]+(?: as [\w$]+)?,?\n)+)\};\n$/

const EXPORT_USE = /(?<=^|\n)[^\S\n]*export\b/

const EXPORT_NAME = /^ {2}([\w$]+)(?: as ([\w$]+))?,?$/gm

/** A whole statement that starts a line; the specifier has no escapes. */
const IMPORT_STATEMENT =
  /^import (?:((?:[\w$]+(?:, )?)?(?:\{[\w$\s,]*\}|\* as [\w$]+)?) from )?"([^"\\\n]*)"(?=;$)/gm

/** Whatever the word can be followed by in code; bounded, because data may be one long word. */
const IMPORT_USE =
  /\bimport(?=\s*(?:["'`(./{*]|(?:source|defer|type)\s|[^\s,;:()]{1,999}\s*(?:,|\/|\bfrom\b)))/

function toImport({ 0: statement, 1: clause = '', 2: specifier = '', index }: RegExpExecArray) {
  return {
    start: index,
    end: index + statement.length,
    specifier,
    clause: clause.trim(),
    attributes: undefined,
    phase: undefined,
    reexports: false,
  } satisfies StaticImport
}

/** Whether anything is exported that an import binds. */
function passesOn(imports: readonly StaticImport[], exports: readonly LexedExport[]): boolean {
  const bound = new Set<string | undefined>()
  for (const { clause } of imports) {
    const { namespace, names } = parseImportClause(clause)
    if (namespace !== undefined) bound.add(namespace)
    for (const { local } of names) bound.add(local)
  }
  return exports.some((item) => item.kind === 'name' && bound.has(item.local))
}

function probe(code: string): string {
  let count = 0
  const opened = code.replaceAll(IMPORT_STATEMENT, (statement) => {
    count += 1
    return `{${statement.replaceAll(/[^\n]/g, ' ')}`
  })
  return opened.replaceAll(new RegExp(IMPORT_USE, 'g'), NO_WORD) + '}'.repeat(count)
}

function exportsOf(list: string): readonly LexedExport[] {
  return Array.from(list.matchAll(EXPORT_NAME), ([, local = '', name = local]) => {
    return { kind: 'name', name, local }
  })
}
