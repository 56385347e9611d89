import { createHash } from 'node:crypto'
import { extractICSS } from 'icss-utils'
import postcss, { CssSyntaxError } from 'postcss'
import extractImports from 'postcss-modules-extract-imports'
import localByDefault from 'postcss-modules-local-by-default'
import scope from 'postcss-modules-scope'
import values from 'postcss-modules-values'
import type { FusedPlugin, HookFilter, PluginContext } from 'somon/plugin'
import { MODULE_QUERY, scriptOfSheet, type Sheet } from './script.ts'

/** How CSS Modules become modules. */
export interface CssModulesOptions {
  /** Which files; a text is a glob from the project root. Default: `.module.css`. */
  readonly include?: HookFilter['id']
  /**
   * What a local name becomes: `[name]` is the file's name, `[local]` the name as written, `[hash]`
   * six characters made of the file's path from the root. Default: `[name]_[local]_[hash]`.
   */
  readonly scopedName?: string
  /** `local`: names are local unless `:global`; `pure` demands a local name per rule. */
  readonly mode?: 'local' | 'global' | 'pure'
  /** Exports `fooBar` beside `foo-bar`. Default: false. */
  readonly camelCase?: boolean
  /** The export that holds the style sheet's text; false for none. Default: `cssText`. */
  readonly textExport?: string | false
}

type Settings = Required<Omit<CssModulesOptions, 'include'>>

/** Changes when the text made from the same file changes. */
const FORMAT = 1

/**
 * Imports CSS Modules: every local name is an export, all of them are the default export.
 *
 * The style sheet, with its names replaced, is the export `cssText`; the program decides where it
 * goes. `composes` and `@value` may name other files, which become modules of the same build.
 */
export function cssModules(options: CssModulesOptions = {}): FusedPlugin {
  const include = options.include ?? /\.module\.css$/
  const settings: Settings = {
    scopedName: options.scopedName ?? '[name]_[local]_[hash]',
    mode: options.mode ?? 'local',
    camelCase: options.camelCase ?? false,
    textExport: options.textExport ?? 'cssText',
  }
  if (!settings.scopedName.includes('[local]')) {
    throw new TypeError(`Cannot use scopedName "${settings.scopedName}": it needs "[local]"`)
  }
  return {
    name: 'css-modules',
    cacheKey: JSON.stringify({ FORMAT, ...settings, include: printed(include) }),
    transform: {
      filter: { id: withComposed(include) },
      async handler(code, id, { attributes }) {
        // `with { type: 'text' }` asks for the text as it stands.
        if (attributes.type === 'text' || attributes.type === 'bytes') return null
        const sheet = await read(code, id, settings, this)
        return {
          code: scriptOfSheet(sheet, settings),
          // No line of the module comes from a line of the file.
          map: { version: 3, sources: [], names: [], mappings: '' },
          loader: 'js',
        }
      },
    },
  }
}

async function read(
  code: string,
  id: string,
  settings: Settings,
  context: PluginContext,
): Promise<Sheet> {
  const path = display(id.replace(MODULE_QUERY, ''), context)
  try {
    const plugins = [
      values(),
      localByDefault({ mode: settings.mode }),
      extractImports({ failOnWrongOrder: true }),
      scope({ generateScopedName: (local) => scopedName(settings.scopedName, local, path) }),
    ]
    const result = await postcss(plugins).process(code, { from: id, map: false })
    for (const warning of result.warnings()) {
      const { line, column } = warning
      const loc =
        line === undefined ? {} : { loc: { line, column: Math.max(0, (column ?? 1) - 1) } }
      context.warn({ message: withoutPeriod(warning.text), ...loc })
    }
    const { root } = result
    if (root.type !== 'root') throw new TypeError('it holds more than one document')
    const { icssImports, icssExports } = extractICSS(root)
    refuseTakenName(icssExports, settings, path, context)
    return { text: root.toString().trim(), imports: icssImports, exports: icssExports }
  } catch (error) {
    if (!(error instanceof CssSyntaxError) && isCoded(error)) throw error
    return fail(error, path, context)
  }
}

function fail(error: unknown, path: string, context: PluginContext): never {
  const { reason, line, column } = error as { reason?: string; line?: number; column?: number }
  return context.error({
    code: 'SOMON_CSS_MODULES_SYNTAX',
    message: `Cannot compile "${path}": ${withoutPeriod(reason ?? (error as Error).message)}`,
    fix: 'Correct the style sheet at the marked place',
    ...(line !== undefined && { loc: { line, column: Math.max(0, (column ?? 1) - 1) } }),
    cause: error,
  })
}

function refuseTakenName(
  names: Readonly<Record<string, string>>,
  { textExport }: Settings,
  path: string,
  context: PluginContext,
): void {
  if (textExport === false || !Object.hasOwn(names, textExport)) return
  context.error({
    code: 'SOMON_CSS_MODULES_NAME_TAKEN',
    message: `Cannot compile "${path}": it has a name "${textExport}", which is the export of its text`,
    fix: `Rename it, or choose another name with cssModules({ textExport: '…' })`,
  })
}

/** Stable for a file wherever the project lies, and of characters that need no escape in CSS. */
function scopedName(pattern: string, local: string, path: string): string {
  const hash = createHash('sha256').update(path).digest('base64url').slice(0, 6)
  const file = path.slice(path.lastIndexOf('/') + 1).replace(/(?:\.module)?\.css$/, '')
  const name = pattern
    .replaceAll('[name]', file)
    .replaceAll('[local]', local)
    .replaceAll('[hash]', hash)
    .replaceAll(/[^\w\u0080-\u{10ffff}-]/gu, '_')
  return /^(?:\d|-\d|--|-?$)/.test(name) ? `_${name}` : name
}

function withComposed(include: NonNullable<HookFilter['id']>): NonNullable<HookFilter['id']> {
  const composed = /\.css\?css-module$/
  if (typeof include === 'string' || include instanceof RegExp) return [include, composed]
  if (isList(include)) return [...include, composed]
  const own = include.include ?? /\.module\.css$/
  const list = isList(own) ? own : [own]
  return { ...include, include: [...list, composed] }
}

function isList(value: unknown): value is readonly (string | RegExp)[] {
  return Array.isArray(value)
}

function isCoded(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'fix' in error
}

function display(id: string, context: PluginContext): string {
  const root = `${context.root.replaceAll('\\', '/')}/`
  const path = id.replaceAll('\\', '/')
  return path.startsWith(root) ? path.slice(root.length) : path
}

function withoutPeriod(text: string): string {
  return text.trim().replace(/\.$/, '')
}

function printed(include: NonNullable<HookFilter['id']>): string {
  return JSON.stringify(include, (_key, value: unknown) =>
    value instanceof RegExp ? String(value) : value,
  )
}
