import { isBuiltin } from 'node:module'
import type { PlatformPath } from 'node:path'
import nodePath from 'node:path'

/** How a specifier is written, before anything is looked up. */
export type SpecifierForm =
  | 'invalid'
  | 'builtin'
  | 'relative'
  | 'absolute'
  | 'file-url'
  | 'data-url'
  | 'url'
  | 'package-import'
  | 'bare'

/**
 * Tells the form of a specifier.
 *
 * `C:\x` and `C:/x` are absolute on Windows only; a scheme has at least two letters, so a drive is
 * never taken for one. `node:` followed by an unknown name is `builtin`, because nothing else can
 * answer it.
 *
 * @param path - the platform's path module; tests pass `path.win32`
 */
export function specifierForm(specifier: string, path: PlatformPath = nodePath): SpecifierForm {
  if (specifier === '' || specifier.includes('\0')) return 'invalid'
  if (specifier.startsWith('node:') || isBuiltin(specifier)) return 'builtin'
  if (/^\.\.?(?:[/\\]|$)/.test(specifier)) return relativeForm(specifier, path)
  if (specifier.startsWith('//')) return 'url'
  if (path.isAbsolute(specifier)) return 'absolute'
  if (/^file:/i.test(specifier)) return 'file-url'
  if (/^data:/i.test(specifier)) return 'data-url'
  if (/^[a-z][a-z\d+.-]+:/i.test(specifier)) return 'url'
  if (specifier.startsWith('#')) return specifier.length > 1 ? 'package-import' : 'invalid'
  return packageNameOf(specifier) === undefined ? 'invalid' : 'bare'
}

/** `.\x` is a path on Windows and a package name nobody can have elsewhere. */
function relativeForm(specifier: string, path: PlatformPath): SpecifierForm {
  return path.sep === '/' && /^\.\.?\\/.test(specifier) ? 'invalid' : 'relative'
}

/**
 * Returns the package that a bare specifier belongs to: `a/b` → `a`, `@s/a/b` → `@s/a`.
 *
 * Undefined for paths, URLs, `#imports` and names that Node refuses. A trailing slash, as in
 * `punycode/`, names the package and not the builtin.
 */
export function packageNameOf(specifier: string): string | undefined {
  const parts = specifier.split('/')
  const count = specifier.startsWith('@') ? 2 : 1
  const name = parts.slice(0, count).join('/')
  if (parts.length < count || parts.slice(0, count).includes('')) return undefined
  return /^[.#]|[\\%:]/.test(name) ? undefined : name
}

/** Returns the host of a URL, such as `esm.sh`; undefined when it has none. */
export function hostOf(specifier: string): string | undefined {
  const url = URL.parse(specifier.startsWith('//') ? `https:${specifier}` : specifier)
  return url === null || url.host === '' ? undefined : url.host
}

/**
 * Tells whether a package, or a path below it, is meant by a list of names.
 *
 * `name` means the package and everything below it, `name/*` only what is below it, `*` inside a
 * name any run of characters without `/`, and `*` alone everything.
 */
export function isNamed(specifier: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => matchesName(specifier, pattern))
}

function matchesName(specifier: string, pattern: string): boolean {
  if (pattern === '*' || pattern === specifier) return true
  if (!pattern.includes('*')) return specifier.startsWith(`${pattern}/`)
  const scope = /^(@[^/*]+)\/\*$/.exec(pattern)?.[1]
  if (scope !== undefined) return specifier.startsWith(`${scope}/`)
  if (pattern.endsWith('/*')) return globOf(pattern.slice(0, -2), '/.+').test(specifier)
  return globOf(pattern, '(?:/.*)?').test(specifier)
}

function globOf(pattern: string, tail: string): RegExp {
  const literal = pattern.replaceAll(/[$()+.?[\\\]^{|}]/g, String.raw`\$&`)
  const text = literal.replaceAll('*', '[^/]*')
  return new RegExp(`^${text}${tail}$`, 's')
}

/**
 * Splits `?query` and `#fragment` off a path, as plugins use them: `./a.svg?raw`.
 *
 * Only a path is split: a leading `#` is a package import.
 */
export function splitSuffix(specifier: string): readonly [path: string, suffix: string] {
  const at = specifier.slice(1).search(/[?#]/) + 1
  return at === 0 ? [specifier, ''] : [specifier.slice(0, at), specifier.slice(at)]
}

/**
 * Tells whether a file belongs to an installed package.
 *
 * Only the part below the project root counts, so a project that was itself installed into a
 * `node_modules` folder keeps its own sources; a file outside is judged by its whole path.
 */
export function isInstalled(root: string, file: string, path: PlatformPath = nodePath): boolean {
  const relative = path.relative(root, file)
  const outside = relative.startsWith('..') || path.isAbsolute(relative)
  return (outside ? file : relative).split(path.sep).includes('node_modules')
}

/** Returns the package name in the path of an installed file; undefined outside node_modules. */
export function installedNameOf(file: string, path: PlatformPath = nodePath): string | undefined {
  const marker = `${path.sep}node_modules${path.sep}`
  const at = file.lastIndexOf(marker)
  if (at < 0) return undefined
  return packageNameOf(
    file
      .slice(at + marker.length)
      .split(path.sep)
      .join('/'),
  )
}

/** Returns the folder that specifiers of an importer start from: a file's, or the folder itself. */
export function folderOf(importer: string, path: PlatformPath = nodePath): string {
  return path.dirname(`${importer}_`)
}
