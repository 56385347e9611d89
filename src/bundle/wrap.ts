import { isBuiltin } from 'node:module'
import type { RelPath } from '../base/project-path.ts'
import type { ImportAttributes } from './artifact.ts'
import { parseImportClause } from './import-clause.ts'
import type { Lexed, LexedExport, Span, StaticImport } from './lexer.ts'
import { lateExportsOf } from './late-exports.ts'
import { lex } from './lexer.ts'
import { META_BINDING, META_FUNCTION } from './meta.ts'
import { PathComments } from './path-comments.ts'
import { readPrinted } from './printed-module.ts'
import { firstTopLevelAwait } from './top-level-await.ts'
import { dynamicSiteName, WRAPPER_PARAMETERS } from './wrap-convention.ts'

/** What `wrap` has to know beside the text. */
export interface WrapOptions {
  readonly entry: RelPath
  /** Tells whether a path comment of the bundle names one of its inputs. */
  readonly isInput: (path: RelPath) => boolean
  /**
   * Names the copy of a package that an external specifier leads to from a file: imports of one
   * specifier that lead to different copies stay apart.
   */
  readonly copyOf: (specifier: string, importer: RelPath) => string
}

/** One import that the bundle kept; statements of one specifier, attributes and copy are one. */
export interface WrappedImport {
  readonly spec: string
  readonly kind: 'builtin' | 'external'
  readonly names: readonly string[] | '*'
  readonly attributes?: ImportAttributes
  /** The files whose statements these are, sorted. */
  readonly importers: readonly RelPath[]
}

/** A bundle as a function, see `wrap-convention.ts`. */
export interface Wrapped {
  readonly code: string
  readonly head: number
  readonly imports: readonly WrappedImport[]
  readonly exports: readonly string[]
  /** The offset of the first top-level `await` in the bundle, and the file it came from. */
  readonly tla: { readonly offset: number; readonly file: RelPath | undefined } | undefined
  /** For each `import(…)` left in the bundle the file it came from; the entry when unknown. */
  readonly dynamicSites: readonly RelPath[]
  /** An import that has no meaning in an artifact: `import source`, `import defer`. */
  readonly unsupported: string | undefined
}

/**
 * Turns an ESM bundle, as esbuild prints it, into a function expression that `vm.Script` can
 * compile.
 *
 * Import and export statements become spaces and `import(` a call of equal width, so that every
 * line and column of the text stays where it was and a source map of the bundle fits as it is;
 * only line 1 is moved, by `head`.
 *
 * @throws Error when the text is not an ESM bundle
 */
export function wrap(bundled: string, options: WrapOptions): Wrapped {
  const printed = readPrinted(bundled)
  const lexed = printed ?? lex(bundled)
  const comments = new PathComments(bundled, options.isInput)
  const table = new ImportTable(lexed, comments, options)
  const name = freeNames(bundled)
  const body = applyEdits(bundled, [
    ...hashbang(bundled),
    ...lexed.imports.map((item) => blank(bundled, item)),
    ...lexed.exportStarts.map((start) => exportEdit(bundled, start, lexed, name('$e'))),
    ...lexed.dynamic.map((site, index) => ({
      start: site.start,
      end: site.end,
      text: dynamicSiteName(index, name.suffix),
    })),
  ])
  const offset = printed?.isAwaitFree === true ? undefined : firstTopLevelAwait(body)
  const head = printHead(bundled, lexed, table, name, {
    entry: options.entry,
    isAsync: offset !== undefined,
    late: lateExportsOf(bundled, comments, options.entry),
  })
  return {
    code: `${head}${body}\n})})`,
    head: head.length,
    imports: table.imports,
    exports: exportNames(lexed),
    tla: offset === undefined ? undefined : { offset, file: comments.fileAt(offset) },
    dynamicSites: lexed.dynamic.map((site) => comments.fileAt(site.start) ?? options.entry),
    unsupported: unsupportedPhase(lexed),
  }
}

/** Gathers the import statements by specifier and attributes, and what each of them binds. */
class ImportTable {
  readonly imports: WrappedImport[] = []
  /** For each import statement its index in `imports`. */
  readonly indexes: number[] = []
  /** `local=$d[i]…` for each binding, to be printed after `let`. */
  readonly #bindings: { readonly local: string; readonly at: number; readonly of?: string }[] = []

  constructor(lexed: Lexed, comments: PathComments, options: WrapOptions) {
    const found = new Map<string, Gathered>()
    for (const [index, statement] of lexed.imports.entries()) {
      const { specifier, attributes } = statement
      const importer = comments.fileAt(statement.start) ?? options.entry
      const copy = isBuiltin(specifier) ? '' : options.copyOf(specifier, importer)
      const key = JSON.stringify([specifier, attributes, copy])
      const dep = found.get(key) ?? newDependency(found.size, statement)
      found.set(key, dep)
      dep.importers.add(importer)
      this.indexes.push(dep.at)
      for (const item of lexed.exports) {
        if (item.kind === 'name' || item.from !== index) continue
        if (item.kind !== 'import') dep.all = true
        else dep.names.add(item.of)
      }
      const isPlain = !statement.reexports && statement.phase === undefined
      if (isPlain) this.#bind(statement, dep)
    }
    for (const dep of found.values()) this.imports.push(wrappedImport(dep))
  }

  /** The text that assigns every import from the namespaces, empty without imports. */
  print(deps: string): string {
    const parts = this.#bindings.map(
      ({ local, at, of }) =>
        `${local}=${deps}[${at}]${of === undefined ? '' : `[${JSON.stringify(of)}]`}`,
    )
    return parts.length === 0 ? '' : `let ${parts.join(',')};`
  }

  #bind(statement: StaticImport, dep: Gathered): void {
    const { at } = dep
    const clause = parseImportClause(statement.clause)
    if (clause.namespace !== undefined) {
      dep.all = true
      this.#bindings.push({ local: clause.namespace, at })
    }
    for (const { imported, local } of clause.names) {
      dep.names.add(imported)
      this.#bindings.push({ local, at, of: imported })
    }
  }
}

/** The import statements of one specifier while they are gathered. */
interface Gathered {
  readonly at: number
  readonly statement: StaticImport
  readonly names: Set<string>
  readonly importers: Set<RelPath>
  all: boolean
}

function newDependency(at: number, statement: StaticImport): Gathered {
  return { at, statement, names: new Set(), importers: new Set(), all: false }
}

function wrappedImport(dep: Gathered): WrappedImport {
  const { specifier, attributes } = dep.statement
  return {
    spec: specifier,
    kind: isBuiltin(specifier) ? 'builtin' : 'external',
    names: dep.all ? '*' : [...dep.names].toSorted(),
    ...(attributes === undefined ? {} : { attributes }),
    importers: [...dep.importers].toSorted(),
  }
}

interface Edit extends Span {
  readonly text: string
}

/** A hashbang may only start a file; as a comment of equal width it may stand after the head. */
function hashbang(bundled: string): Edit[] {
  return bundled.startsWith('#!') ? [{ start: 0, end: 2, text: '//' }] : []
}

function blank(bundled: string, { start, end }: Span): Edit {
  const stop = bundled[end] === ';' ? end + 1 : end
  return {
    start,
    end: stop,
    text: bundled.slice(start, stop).replaceAll(/[^\n\r\u2028\u2029]/g, ' '),
  }
}

/** `export {…}` is blanked; `export default value` of a CommonJS entry becomes an assignment. */
function exportEdit(bundled: string, start: number, lexed: Lexed, slot: string): Edit {
  const asDefault = 'export default '
  if (bundled.startsWith(asDefault, start)) {
    return { start, end: start + asDefault.length, text: `${slot}=`.padEnd(asDefault.length) }
  }
  const statement = lexed.imports.find((item) => item.start === start)
  if (statement !== undefined) return { start, end: start, text: '' }
  EXPORT_LIST.lastIndex = start
  const list = EXPORT_LIST.exec(bundled)
  if (list === null) {
    throw new SyntaxError(`Cannot read the export at offset ${start}: expected what esbuild prints`)
  }
  return blank(bundled, { start, end: start + list[0].length })
}

/** Names in quotes may hold a brace. */
const EXPORT_LIST = /export \{(?:"(?:[^"\\]|\\.)*"|[^"}])*\}/y

function applyEdits(text: string, edits: readonly Edit[]): string {
  const parts: string[] = []
  let at = 0
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    parts.push(text.slice(at, edit.start), edit.text)
    at = edit.end
  }
  parts.push(text.slice(at))
  return parts.join('')
}

/** Names that start with `$` get one suffix that makes all of them unknown to the text. */
function freeNames(text: string): { (name: string): string; readonly suffix: string } {
  let suffix = ''
  while (new RegExp(`\\$(?:[sdme]|i\\d+)${suffix}(?![\\w$])`).test(text))
    suffix = nextSuffix(suffix)
  const name = (wanted: string): string => (wanted.startsWith('$') ? wanted + suffix : wanted)
  return Object.assign(name, { suffix })
}

/** Letters only: digits would run into the number of a dynamic import. */
function nextSuffix(suffix: string): string {
  const last = suffix.at(-1)
  if (last === undefined || last === 'z') return `${suffix}a`
  return suffix.slice(0, -1) + String.fromCodePoint((last.codePointAt(0) ?? 0) + 1)
}

function printHead(
  bundled: string,
  lexed: Lexed,
  table: ImportTable,
  name: { (name: string): string; readonly suffix: string },
  options: {
    readonly entry: RelPath
    readonly isAsync: boolean
    readonly late: string | undefined
  },
): string {
  const sites = lexed.dynamic.map((_, index) => dynamicSiteName(index, name.suffix).trimEnd())
  const parameters = [...WRAPPER_PARAMETERS.map(name), ...sites].join(',')
  const meta = printMeta(bundled, name('$m'), options.entry)
  const slot = lexed.exports.some((item) => isAnonymous(item)) ? `let ${name('$e')};` : ''
  return (
    `(function(${parameters}){"use strict";${meta}return (${options.isAsync ? 'async ' : ''}` +
    `function*(){${slot}${printRegister(lexed, table, name, options.late)}yield;${table.print(name('$d'))}`
  )
}

/** Declares what `meta.ts` made the sources mention: one level above the user's own names. */
function printMeta(bundled: string, meta: string, entry: RelPath): string {
  const parts: string[] = []
  if (!bundled.includes(META_BINDING)) return ''
  if (bundled.includes(META_FUNCTION)) parts.push(`${META_FUNCTION}=${meta}`)
  if (bundled.replaceAll(META_FUNCTION, '').includes(META_BINDING)) {
    parts.push(`${META_BINDING}=${meta}(${JSON.stringify(entry)})`)
  }
  return parts.length === 0 ? '' : `const ${parts.join(',')};`
}

function printRegister(
  lexed: Lexed,
  table: ImportTable,
  name: (name: string) => string,
  late: string | undefined,
): string {
  const at = (statement: number): string => `${name('$d')}[${table.indexes[statement] ?? 0}]`
  const getters: string[] = []
  const stars = new Set<number>()
  for (const item of lexed.exports) {
    if (item.kind === 'star') stars.add(table.indexes[item.from] ?? 0)
    else getters.push(`${printKey(item.name)}:()=>${printValue(item, at, name('$e'))}`)
  }
  const passed = [`{${['__proto__:null', ...getters].join(',')}}`]
  if (stars.size > 0 || late !== undefined) passed.push(`[${[...stars].join(',')}]`)
  if (late !== undefined) passed.push(`()=>${late}`)
  return `${name('$s')}(${passed.join(',')});`
}

/** `{"__proto__":…}` would set the prototype; in brackets it is a name as any other. */
function printKey(name: string): string {
  return name === '__proto__' ? '["__proto__"]' : JSON.stringify(name)
}

function printValue(
  item: Exclude<LexedExport, { kind: 'star' }>,
  at: (statement: number) => string,
  slot: string,
): string {
  if (item.kind === 'name') return item.local ?? slot
  if (item.kind === 'namespace') return at(item.from)
  return `${at(item.from)}[${JSON.stringify(item.of)}]`
}

function isAnonymous(item: LexedExport): boolean {
  return item.kind === 'name' && item.local === undefined
}

function exportNames(lexed: Lexed): readonly string[] {
  return lexed.exports.flatMap((item) => (item.kind === 'star' ? [] : [item.name]))
}

function unsupportedPhase(lexed: Lexed): string | undefined {
  const found = [...lexed.imports, ...lexed.dynamic].find((item) => item.phase !== undefined)
  return found === undefined ? undefined : `import ${found.phase}`
}
