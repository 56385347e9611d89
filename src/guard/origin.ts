/**
 * Returns the origin of an http or https address as guards are keyed by it: lower case, without
 * the default port, credentials and the trailing dot of the host, IPv6 in brackets.
 *
 * The same server always gives the same text, and the text gives itself again. Undefined for what
 * is no such address: a request to it fails by itself.
 */
export function originOf(address: string | URL): string | undefined {
  const url = typeof address === 'string' ? URL.parse(address) : address
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) return undefined
  const { protocol, hostname, port } = url
  const host = hostname.endsWith('.') ? withoutDots(hostname) : hostname
  return `${protocol}//${host}${port === '' ? '' : `:${port}`}`
}

/** Returns where a connection to an origin of `originOf()` goes: `host:port`, always with a port. */
export function addressOf(origin: string): string {
  const isPlain = origin.startsWith('http:')
  const host = origin.slice(isPlain ? 'http://'.length : 'https://'.length)
  return PORT.test(host) ? host : `${host}:${isPlain ? 80 : 443}`
}

const PORT = /:\d+$/

/** The root itself is all dots, and stays: an empty host would be another address. */
function withoutDots(hostname: string): string {
  return hostname.replace(/\.+$/, '') || hostname
}
