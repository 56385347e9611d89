import type { RelPath } from '../base/project-path.ts'
import type { EsbuildPlugin } from './esbuild.ts'
import { lex } from './lexer.ts'

/** What `import.meta` is called in the sources of a bundle: esbuild's `define` puts it there. */
export const META_BINDING = '__somon_meta'

/** The function of the wrapper that returns the `import.meta` of a file. */
export const META_FUNCTION = '__somon_meta_of'

const SCHEME = 'somon-meta:'

/**
 * Gives a source file an `import.meta` of its own: a bundle has only one (evanw/esbuild#859).
 *
 * An ESM text that uses it gets a last line which imports the binding from a virtual module; it
 * comes last so that no line or column moves. A CommonJS text must not get an import, it would
 * turn it into ESM: it gets `__dirname` and `__filename` when it mentions them, on its first line.
 */
export function bindMeta(code: string, path: RelPath): string {
  const usesMeta = code.includes('import.meta')
  const usesNames = /\b__(?:dirname|filename)\b/.test(code)
  if (!usesMeta && !usesNames) return code
  const syntax = readSyntax(code)
  if (syntax.usesMeta) {
    return `${code}\nimport ${META_BINDING} from ${JSON.stringify(SCHEME + path)};`
  }
  if (!usesNames || syntax.isModule) return code
  const text = code.startsWith('#!') ? `//${code.slice(2)}` : code
  const meta = `${META_FUNCTION}(${JSON.stringify(path)})`
  return `var __dirname=${meta}.dirname,__filename=${meta}.filename;${text}`
}

/** Tells whether a path of esbuild's metafile is the virtual module of a file's `import.meta`. */
export function isMetaModule(path: string): boolean {
  return path.startsWith(SCHEME)
}

/** Answers the imports that `bindMeta` appends. */
export const metaPlugin: EsbuildPlugin = {
  name: 'somon-meta',
  setup(build) {
    build.onResolve({ filter: /^somon-meta:/ }, ({ path }) => ({
      path: path.slice(SCHEME.length),
      namespace: SCHEME.slice(0, -1),
      sideEffects: false,
    }))
    build.onLoad({ filter: /.*/, namespace: SCHEME.slice(0, -1) }, ({ path }) => ({
      contents: `export default ${META_FUNCTION}(${JSON.stringify(path)})`,
      loader: 'js',
    }))
  },
}

/**
 * The lexer tells a mention in a string or comment from a use. It cannot read JSX and some
 * TypeScript; for such a text the pattern decides, which at worst adds an import nobody uses.
 */
function readSyntax(code: string): { readonly usesMeta: boolean; readonly isModule: boolean } {
  try {
    const lexed = lex(code)
    const isModule = lexed.hasModuleSyntax || lexed.metas.length > 0
    return { usesMeta: lexed.metas.length > 0, isModule }
  } catch {
    const isModule = /^\s*(?:import|export)\b/m.test(code)
    return { usesMeta: isModule && /\bimport\.meta\b/.test(code), isModule }
  }
}
