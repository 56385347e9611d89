import type { FusedPlugin, HookFilter, PluginContext } from 'somon/plugin'
import { LineCounter, parseAllDocuments, type Document } from 'yaml'
import { scriptOfValue } from './script.ts'

/** How YAML files become modules. */
export interface YamlOptions {
  /** Which files; a text is a glob from the project root. Default: `.yaml` and `.yml`. */
  readonly include?: HookFilter['id']
  /**
   * What a file's value is: `single` (default) its one document, and a second one is an error;
   * `all` the list of its documents.
   */
  readonly documents?: 'single' | 'all'
  /** Exports each top-level key under its name, beside the default export. Default: true. */
  readonly namedExports?: boolean
  /** The YAML version for texts that name none. Default: `1.2`. */
  readonly version?: '1.1' | '1.2'
  /** How often aliases of one file may be expanded, against "billion laughs". Default: 100. */
  readonly maxAliasCount?: number
}

/** Changes when the text made from the same file changes. */
const FORMAT = 1

/**
 * Imports YAML files: the default export is the value, top-level keys are named exports.
 *
 * Aliases of one anchor are one object. Values are what YAML's core schema says: a date stays a
 * text unless it is tagged, keys that are no texts become texts.
 */
export function yaml(options: YamlOptions = {}): FusedPlugin {
  const settings = {
    include: options.include ?? /\.ya?ml(?:$|\?)/,
    documents: options.documents ?? 'single',
    namedExports: options.namedExports ?? true,
    version: options.version ?? '1.2',
    maxAliasCount: options.maxAliasCount ?? 100,
  }
  return {
    name: 'yaml',
    cacheKey: JSON.stringify({ FORMAT, ...settings, include: printed(settings.include) }),
    transform: {
      filter: { id: settings.include },
      handler(code, id, { attributes }) {
        // `with { type: 'text' }` asks for the text as it stands.
        if (attributes.type === 'text' || attributes.type === 'bytes') return null
        const value = valueOf(code, id, settings, this)
        return {
          code: guarded(id, settings, this, () => scriptOfValue(value, settings.namedExports)),
          // No line of the module comes from a line of the file.
          map: { version: 3, sources: [], names: [], mappings: '' },
          loader: 'js',
        }
      },
    },
  }
}

function valueOf(
  code: string,
  id: string,
  settings: Required<Omit<YamlOptions, 'include' | 'namedExports'>>,
  context: PluginContext,
): unknown {
  const lines = new LineCounter()
  const parsed = parseAllDocuments(code, {
    lineCounter: lines,
    version: settings.version,
    prettyErrors: false,
    uniqueKeys: true,
  })
  const documents: Document[] = Array.isArray(parsed) ? parsed : []
  const [second] = documents.slice(1)
  const at = (offset: number): { line: number; column: number } => {
    const { line, col } = lines.linePos(offset)
    return { line, column: Math.max(0, col - 1) }
  }
  for (const document of documents) report(document, id, at, context)
  if (settings.documents === 'single' && second !== undefined) {
    context.error({
      code: 'SOMON_YAML_SEVERAL_DOCUMENTS',
      message: `Cannot import "${display(id, context)}": it holds ${documents.length} documents; expected one`,
      fix: "Split the file, or use yaml({ documents: 'all' }) to import them as a list",
      loc: at(second.range?.[0] ?? 0),
    })
  }
  const values = documents.map((document) =>
    guarded(id, settings, context, () => document.toJS({ maxAliasCount: settings.maxAliasCount })),
  )
  return settings.documents === 'all' ? values : (values[0] ?? null)
}

function report(
  document: Document,
  id: string,
  at: (offset: number) => { line: number; column: number },
  context: PluginContext,
): void {
  const [error] = document.errors
  if (error !== undefined) {
    context.error({
      code: 'SOMON_YAML_SYNTAX',
      message: `Cannot parse "${display(id, context)}": ${withoutPeriod(error.message)}`,
      fix: 'Correct the YAML at the marked place',
      loc: at(error.pos[0]),
      cause: error,
    })
  }
  for (const warning of document.warnings) {
    context.warn({ message: withoutPeriod(warning.message), loc: at(warning.pos[0]) })
  }
}

/** Runs what aliases can make impossible. */
function guarded<T>(
  id: string,
  { maxAliasCount }: { readonly maxAliasCount: number },
  context: PluginContext,
  task: () => T,
): T {
  try {
    return task()
  } catch (error) {
    return context.error({
      code: 'SOMON_YAML_ALIASES',
      message: `Cannot import "${display(id, context)}": ${withoutPeriod((error as Error).message)}`,
      fix: `Write the value in place of the alias, or raise maxAliasCount (now ${maxAliasCount})`,
      cause: error,
    })
  }
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
