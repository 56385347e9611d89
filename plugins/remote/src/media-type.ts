import { RemoteFailure } from './failure.ts'

const TYPES: Readonly<Record<string, string>> = {
  'application/ecmascript': 'js',
  'application/javascript': 'js',
  'application/json': 'json',
  'application/typescript': 'ts',
  'application/x-javascript': 'js',
  'application/x-typescript': 'ts',
  'text/css': 'text',
  'text/ecmascript': 'js',
  'text/javascript': 'js',
  'text/jsx': 'jsx',
  'text/tsx': 'tsx',
  'text/typescript': 'ts',
}

/** Types that say nothing: the address decides. `video/mp2t` is what many servers make of `.ts`. */
const VAGUE = new Set([
  '',
  'application/octet-stream',
  'text/plain',
  'video/mp2t',
  'video/vnd.dlna.mpeg-tts',
])

const EXTENSIONS: Readonly<Record<string, string>> = {
  css: 'text',
  js: 'js',
  json: 'json',
  jsx: 'jsx',
  mjs: 'js',
  mts: 'ts',
  ts: 'ts',
  tsx: 'tsx',
  txt: 'text',
}

/**
 * Chooses esbuild's loader: import attributes, then the media type, then the address's extension.
 *
 * @throws RemoteFailure SOMON_REMOTE_TYPE, for an HTML error page for instance
 */
export function loaderOf(
  url: string,
  type: string,
  attributes: Readonly<Record<string, string>>,
): string {
  if (attributes['type'] === 'text') return 'text'
  const extension = /\.(?<extension>\w+)$/.exec(new URL(url).pathname)?.groups?.['extension'] ?? ''
  const byType = TYPES[type] ?? (type.endsWith('+json') ? 'json' : undefined)
  const loader = byType ?? (VAGUE.has(type) ? EXTENSIONS[extension.toLowerCase()] : undefined)
  const wanted = attributes['type']
  if (loader !== undefined && (wanted === undefined || wanted === loader)) return loader
  const expected = wanted === undefined ? 'JavaScript, TypeScript, JSON or text' : `"${wanted}"`
  throw new RemoteFailure(
    'SOMON_REMOTE_TYPE',
    `Cannot import "${url}": its media type is "${type || 'unknown'}"; expected ${expected}`,
    'Check the address; many hosts answer a wrong one with a page',
  )
}
