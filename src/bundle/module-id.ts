import { isAbsolute } from 'node:path'

/** The namespaces of modules that are no files; in graphs their paths read `<namespace>:<path>`. */
export const VIRTUAL_NAMESPACE = 'virtual'
/** The namespace of modules that a plugin names without a zero in front. */
export const PLUGIN_NAMESPACE = 'plugin'

/** A module as esbuild names it. */
export interface EsbuildPath {
  readonly path: string
  readonly namespace: string
  readonly suffix?: string
}

/**
 * Turns a plugin's module id into esbuild's path and namespace.
 *
 * Absolute paths are files, a query or fragment behind them is the suffix. `\0name` is a module of
 * the plugin's own: the zero goes into the namespace, because paths are printed. The scheme of a
 * URL is its namespace, so that graphs, comments and maps name it as it is. Anything else keeps
 * its text.
 */
export function esbuildPathFromId(id: string): EsbuildPath {
  if (id.startsWith('\0')) return { path: id.slice(1), namespace: VIRTUAL_NAMESPACE }
  const url = /^(?!file:)(?<scheme>[a-z][a-z\d+.-]+):(?<rest>\/\/.*)$/is.exec(id)?.groups
  if (url?.scheme !== undefined && url.rest !== undefined) {
    return { path: url.rest, namespace: url.scheme }
  }
  if (!isAbsolute(id)) return { path: id, namespace: PLUGIN_NAMESPACE }
  const query = id.search(/[?#]/)
  if (query < 0) return { path: id, namespace: 'file' }
  return { path: id.slice(0, query), namespace: 'file', suffix: id.slice(query) }
}

/** The inverse of `esbuildPathFromId`. */
export function idFromEsbuildPath(path: string, namespace: string, suffix = ''): string {
  if (namespace === VIRTUAL_NAMESPACE) return `\0${path}${suffix}`
  return isUrlPath(path, namespace) ? `${namespace}:${path}${suffix}` : `${path}${suffix}`
}

/** Tells whether a path of esbuild is that of a URL, whose scheme is the namespace. */
export function isUrlPath(path: string, namespace: string): boolean {
  return path.startsWith('//') && !NO_SCHEMES.has(namespace)
}

const NO_SCHEMES = new Set(['', 'file', VIRTUAL_NAMESPACE, PLUGIN_NAMESPACE])
