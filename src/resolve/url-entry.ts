import { sep } from 'node:path'
import { resolveNotFound, resolveSourceDenied } from './errors.ts'
import { failureOf } from './failure.ts'
import type { Resolver } from './resolution.ts'

/**
 * Returns the name of an entry that is no file: a URL as URLs are written, without fragment.
 *
 * Whether anything serves it is decided in the build, by the plugins.
 *
 * @throws SomonError SOMON_RESOLVE_NOT_FOUND for what is no URL, SOMON_RESOLVE_SOURCE_DENIED for a
 *   host that is not admitted and for a URL with a password
 */
export function urlEntry(
  resolver: Pick<Resolver, 'resolve'>,
  specifier: string,
  root: string,
): string {
  if (/^virtual:/i.test(specifier)) return specifier
  const url = URL.parse(specifier)
  if (url === null) {
    const reason = 'it is no valid URL'
    const data = { specifier, importer: '.', reason, tried: [], suggestion: undefined }
    throw resolveNotFound(data, { fix: 'Correct the URL' })
  }
  if (url.username !== '' || url.password !== '') {
    const packageName = url.host
    const shown = `${url.protocol}//***@${url.host}${url.pathname}`
    const reason = 'its URL holds a password, which would be printed and stored'
    throw resolveSourceDenied(
      { specifier: shown, importer: '.', packageName, reason },
      { fix: 'Leave the credentials out of the URL' },
    )
  }
  url.hash = ''
  checkUrl(resolver, url.href, root)
  return url.href
}

/** @throws SomonError SOMON_RESOLVE_SOURCE_DENIED for a host that `loading.allowedSources` lacks */
export function checkUrl(resolver: Pick<Resolver, 'resolve'>, url: string, root: string): void {
  const found = resolver.resolve(url, root + sep, 'entry')
  if (found.class !== 'refused') return
  const failure = failureOf(found, { specifier: url, importer: root + sep, root })
  if (failure !== undefined) throw failure
}
