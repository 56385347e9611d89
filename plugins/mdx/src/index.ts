import { compile, type CompileOptions } from '@mdx-js/mdx'
import type { FusedPlugin, HookFilter, PluginContext } from 'somon/plugin'
import { LineMapGenerator } from './line-map.ts'

type CompilePlugins = CompileOptions['remarkPlugins']

/** How MDX files become modules. */
export interface MdxOptions {
  /** Which files; a text is a glob from the project root. Default: `.mdx`. */
  readonly include?: HookFilter['id']
  /** Where the JSX functions come from: `<source>/jsx-runtime` is imported. Default: `react`. */
  readonly jsxImportSource?: string
  /** A module that exports `useMDXComponents`, such as `@mdx-js/react`. Default: none. */
  readonly providerImportSource?: string
  /** Keeps JSX for a later transform or esbuild's own. Default: false. */
  readonly jsx?: boolean
  /** Plugins for the Markdown tree. Functions have no text: name them with `cacheKey`. */
  readonly remarkPlugins?: CompilePlugins
  /** Plugins for the HTML tree. */
  readonly rehypePlugins?: CompilePlugins
  /** Plugins for the tree of the module. */
  readonly recmaPlugins?: CompilePlugins
  /**
   * Stands for the remark, rehype and recma plugins and their options in the cache key. With such
   * plugins and without it builds stay in memory.
   */
  readonly cacheKey?: string
}

/** Changes when the text made from the same file changes. */
const FORMAT = 1

/**
 * Imports MDX files: the default export is the component, `export` statements are kept.
 *
 * Positions of syntax errors and source maps are those of the MDX file.
 */
export function mdx(options: MdxOptions = {}): FusedPlugin {
  const include = options.include ?? /\.mdx(?:$|\?)/
  const settings: CompileOptions = {
    format: 'mdx',
    jsx: options.jsx ?? false,
    jsxImportSource: options.jsxImportSource ?? 'react',
    ...(options.providerImportSource !== undefined && {
      providerImportSource: options.providerImportSource,
    }),
    remarkPlugins: options.remarkPlugins ?? [],
    rehypePlugins: options.rehypePlugins ?? [],
    recmaPlugins: options.recmaPlugins ?? [],
    SourceMapGenerator: LineMapGenerator,
  }
  const key = cacheKey(include, options)
  return {
    name: 'mdx',
    ...(key !== undefined && { cacheKey: key }),
    transform: {
      filter: { id: include },
      async handler(code, id, { attributes }) {
        // `with { type: 'text' }` asks for the text as it stands.
        if (attributes.type === 'text' || attributes.type === 'bytes') return null
        return compileFile(code, id, settings, this)
      },
    },
  }
}

async function compileFile(
  code: string,
  id: string,
  settings: CompileOptions,
  context: PluginContext,
): Promise<{ code: string; map: object | null; loader: string }> {
  try {
    const file = await compile({ value: code, path: id }, settings)
    for (const message of file.messages) {
      context.warn({ message: message.reason, ...locationOf(message.line, message.column) })
    }
    return {
      code: String(file),
      map: file.map ?? null,
      loader: settings.jsx === true ? 'jsx' : 'js',
    }
  } catch (error) {
    const { reason, line, column } = error as { reason?: string; line?: number; column?: number }
    return context.error({
      code: 'SOMON_MDX_SYNTAX',
      message: `Cannot compile "${display(id, context)}": ${withoutPeriod(reason ?? String(error))}`,
      fix: 'Correct the MDX at the marked place; "{" and "<" begin code and are written as \\{ and \\< in text',
      ...locationOf(line, column),
      cause: error,
    })
  }
}

/** vfile counts columns from 1. */
function locationOf(
  line: number | undefined,
  column: number | undefined,
): { loc?: { line: number; column: number } } {
  if (line === undefined) return {}
  return { loc: { line, column: Math.max(0, (column ?? 1) - 1) } }
}

function cacheKey(include: NonNullable<HookFilter['id']>, options: MdxOptions): string | undefined {
  const { remarkPlugins, rehypePlugins, recmaPlugins, cacheKey: given, ...rest } = options
  const plugins = [remarkPlugins, rehypePlugins, recmaPlugins]
  const usesPlugins = plugins.some((list) => (list?.length ?? 0) > 0)
  if (usesPlugins && given === undefined) return undefined
  return JSON.stringify({ FORMAT, ...rest, given, include: printed(include) })
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
