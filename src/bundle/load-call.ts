import { extname } from 'node:path'
import type { EsbuildLoader, OnLoadArgs } from './esbuild-build.ts'
import type { PluginSourceMap } from './plugin.ts'
import type { EsbuildMessage } from './plugin-message.ts'
import { mergeMaps, type SourceMapV3 } from './remapping.ts'

/**
 * One passage of one module through the fused hooks, from `load` over every `transform`.
 *
 * unplugin hands on the text alone; everything that belongs to a passage beside it is kept here:
 * loader, source maps, messages, watched paths. A call lives as long as its `onLoad`.
 */
export class LoadCall {
  /**
   * `pre`: only loads with enforce "pre" may claim, before esbuild plugins are asked. `main`: the
   * others and the reader. `probe`: nothing runs, the names of matching transforms are collected.
   */
  readonly phase: 'pre' | 'main' | 'probe'
  readonly args: OnLoadArgs
  readonly id: string
  readonly warnings: EsbuildMessage[] = []
  readonly watchFiles: string[] = []
  readonly watchDirs: string[] = []
  readonly matched: string[] = []
  /** True once a load hook or the reader has answered. */
  claimed = false
  /** True once a transform has changed the text. */
  changed = false
  loader: EsbuildLoader | undefined
  /** The text before the first transform; undefined for bytes. */
  original: string | undefined
  /** True when a load hook has brought a map, whose sources are other files than this one. */
  hasLoadMap = false
  readonly #maps: SourceMapV3[] = []
  readonly #keepsMaps: boolean

  constructor(phase: LoadCall['phase'], args: OnLoadArgs, id: string, keepsMaps: boolean) {
    this.phase = phase
    this.args = args
    this.id = id
    this.#keepsMaps = keepsMaps
  }

  /** True when the content is bytes that no transform may take for text. */
  get isBinary(): boolean {
    return this.loader !== undefined && BINARY_LOADERS.has(this.loader)
  }

  /** Adds the map of the newest change; `null` and undefined say that nothing has moved. */
  addMap(map: PluginSourceMap | undefined): void {
    if (!this.#keepsMaps || map === null || map === undefined) return
    this.#maps.unshift(parseMap(map))
  }

  /**
   * Returns the comment with the map from the last text to the first, or nothing.
   *
   * esbuild reads it and composes it with its own map.
   */
  mapComment(): string {
    if (this.#maps.length === 0) return ''
    const map = mergeMaps(this.#maps)
    const [source, ...others] = map.sources
    if (!this.hasLoadMap && others.length === 0 && source !== undefined) {
      // Plugins name the one source in many ways: whole path, base name, nothing. It is this file.
      map.sources = [encodeURIComponent(baseName(this.args.path))]
      if (this.original !== undefined) map.sourcesContent = [this.original]
    }
    const text = Buffer.from(JSON.stringify(map)).toString('base64')
    return `\n//# sourceMappingURL=data:application/json;charset=utf-8;base64,${text}\n`
  }
}

const BINARY_LOADERS: ReadonlySet<string> = new Set([
  'base64',
  'binary',
  'copy',
  'dataurl',
  'empty',
  'file',
])

const SCRIPT_LOADERS: Readonly<Record<string, EsbuildLoader>> = {
  '.cjs': 'js',
  '.cts': 'ts',
  '.js': 'js',
  '.jsx': 'jsx',
  '.mjs': 'js',
  '.mts': 'ts',
  '.ts': 'ts',
  '.tsx': 'tsx',
}

const OTHER_KNOWN = new Set(['.css', '.json', '.txt'])

/** esbuild's loader of a script extension. */
export function scriptLoader(path: string): EsbuildLoader | undefined {
  return SCRIPT_LOADERS[extname(path).toLowerCase()]
}

/** Tells whether a module's text is a script, given its loader and path. */
export function isScript(loader: string | undefined, path: string): boolean {
  if (loader === undefined || loader === 'default') return scriptLoader(path) !== undefined
  return loader === 'js' || loader === 'jsx' || loader === 'ts' || loader === 'tsx'
}

/** The loader of a text that a transform has made of a file. */
export function loaderAfterTransform(
  current: EsbuildLoader | undefined,
  args: OnLoadArgs,
  configured: Readonly<Record<string, string>> | undefined,
): EsbuildLoader {
  if (current !== undefined && current !== 'default') return current
  const extension = extname(args.path).toLowerCase()
  if (configured?.[extension] !== undefined) return 'default'
  return scriptLoader(args.path) ?? (OTHER_KNOWN.has(extension) ? 'default' : 'js')
}

/**
 * The loader that import attributes ask for; `onLoad` results with `loader: 'default'` would drop
 * them (evanw/esbuild 0.28: `with {type: 'text'}` on JSON yields an object).
 */
export function attributeLoader(args: OnLoadArgs): EsbuildLoader | undefined {
  const { type } = args.with
  return type === undefined ? undefined : ATTRIBUTE_LOADERS[type]
}

const ATTRIBUTE_LOADERS: Readonly<Record<string, EsbuildLoader>> = {
  json: 'json',
  text: 'text',
  bytes: 'binary',
}

function parseMap(map: NonNullable<PluginSourceMap>): SourceMapV3 {
  const parsed = (typeof map === 'string' ? JSON.parse(map) : map) as SourceMapV3
  // magic-string's maps have methods and getters; remapping wants the plain members.
  return {
    ...parsed,
    version: 3,
    sources: parsed.sources,
    names: parsed.names,
    mappings: parsed.mappings,
  }
}

function baseName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1)
}
