import { RemoteFailure } from './failure.ts'

/** Which addresses modules may come from. */
export interface AddressRules {
  /** `host`, `host:port` or `*.host`, without scheme. */
  readonly allow: readonly string[]
  /** Lets plain http through, to this machine only. */
  readonly allowLoopbackHttp: boolean
}

/** Tells whether a specifier or module id is an address on the network. */
export function isRemote(specifier: string): boolean {
  return /^https?:\/\//i.test(specifier)
}

/**
 * Checks an address against the rules and returns it without its fragment.
 *
 * @throws RemoteFailure SOMON_REMOTE_URL, SOMON_REMOTE_INSECURE, SOMON_REMOTE_HOST
 */
export function checkAddress(text: string, rules: AddressRules, base?: string): URL {
  const url = parse(text, base)
  url.hash = ''
  if (url.username !== '' || url.password !== '') {
    throw new RemoteFailure(
      'SOMON_REMOTE_URL',
      `Cannot import "${url.host}${url.pathname}": its URL holds a password, which would be printed and stored`,
      'Leave the credentials out of the URL',
    )
  }
  if (url.protocol !== 'https:' && !isAllowedHttp(url, rules)) {
    throw new RemoteFailure(
      'SOMON_REMOTE_INSECURE',
      `Cannot import "${url.href}": it is not encrypted; expected https`,
      isLoopback(url.hostname)
        ? 'Use https, or set allowLoopbackHttp for servers on this machine'
        : `Import "https:${url.href.slice(url.protocol.length)}" instead`,
    )
  }
  if (!rules.allow.some((rule) => matches(rule, url))) {
    throw new RemoteFailure(
      'SOMON_REMOTE_HOST',
      `Cannot import "${url.href}": its host is not allowed; allowed are ${listed(rules.allow)}`,
      `Add "${url.host}" to allow, if you trust what it serves to run in your program`,
    )
  }
  return url
}

function parse(text: string, base: string | undefined): URL {
  const url = URL.parse(text, base)
  if (url !== null && url.hostname !== '') return url
  throw new RemoteFailure(
    'SOMON_REMOTE_URL',
    `Cannot import "${text}": it is no valid URL`,
    'Correct the URL',
  )
}

function isAllowedHttp(url: URL, { allowLoopbackHttp }: AddressRules): boolean {
  return url.protocol === 'http:' && allowLoopbackHttp && isLoopback(url.hostname)
}

function isLoopback(hostname: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/.test(hostname)
}

function matches(rule: string, url: URL): boolean {
  const wanted = rule.toLowerCase()
  if (wanted.startsWith('*.')) return url.host.endsWith(wanted.slice(1))
  return url.host === wanted || (url.port === '' && wanted === `${url.host}:443`)
}

function listed(rules: readonly string[]): string {
  return rules.length === 0 ? 'none' : rules.map((rule) => `"${rule}"`).join(', ')
}
