import type { LoadResult, ResolveIdHook } from './plugin.ts'

type ResolveIdResult = Awaited<ReturnType<ResolveIdHook>>

/**
 * Checks what a `resolveId` hook returned; `false` and `''` count as no answer, as in rollup.
 *
 * @throws TypeError that says what is wrong and what is needed
 */
export function checkResolved(result: unknown): ResolveIdResult {
  if (isNothing(result)) return undefined
  if (typeof result === 'string') return result
  const needed = 'a string, { id: string, external?: boolean } or nothing'
  if (!isRecord(result) || typeof result.id !== 'string') throw unlike(result, needed)
  const { id, external } = result
  if (external !== undefined && typeof external !== 'boolean') throw unlike(result, needed)
  return { ...result, id, ...(external === undefined ? {} : { external }) }
}

/**
 * Checks what a `load` or `transform` hook returned.
 *
 * @throws TypeError that says what is wrong and what is needed
 */
export function checkLoaded(result: unknown): string | LoadResult | undefined {
  if (result === undefined || result === null) return undefined
  if (typeof result === 'string') return result
  const needed = 'a string, { code: string, map?, loader? } or nothing'
  if (!isRecord(result) || typeof result.code !== 'string') throw unlike(result, needed)
  const { code, map, loader } = result
  if (!isNothingOrMap(map)) throw unlike({ map }, 'a source map as object or JSON text, or null')
  const loaded = { code, ...(map === undefined ? {} : { map }) }
  if (loader === undefined) return loaded
  if (typeof loader !== 'string' || !LOADERS.has(loader)) {
    throw unlike({ loader }, `one of ${[...LOADERS].join(', ')}`)
  }
  return { ...loaded, loader }
}

/** esbuild 0.28's names; it would refuse others itself and name no hook. */
const LOADERS: ReadonlySet<string> = new Set([
  'base64',
  'binary',
  'copy',
  'css',
  'dataurl',
  'default',
  'empty',
  'file',
  'global-css',
  'js',
  'json',
  'jsx',
  'local-css',
  'text',
  'ts',
  'tsx',
])

function isNothing(result: unknown): boolean {
  return result === undefined || result === null || result === false || result === ''
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isNothingOrMap(map: unknown): map is LoadResult['map'] {
  return map === undefined || map === null || typeof map === 'string' || typeof map === 'object'
}

function unlike(result: unknown, needed: string): TypeError {
  return new TypeError(`it returned ${shown(result)}; it has to return ${needed}`)
}

/** One level is enough to see the mistake; texts can be whole files. */
function shown(value: unknown): string {
  if (!isRecord(value)) return brief(value)
  const members = Object.entries(value).map(([name, member]) => `${name}: ${brief(member)}`)
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`
}

function brief(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, MAX_TEXT))
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'function') return 'a function'
  return typeof value === 'object' && value !== null ? 'an object' : String(value)
}

const MAX_TEXT = 40
