/** An answer that speaks against its server; nobody but guards sees it as an error. */
export class HttpStatusError extends Error {
  override readonly name = 'HttpStatusError'
  readonly status: number
  /** How long the server wants to be left alone. */
  readonly retryAfterMs: number | undefined

  constructor(status: number, retryAfterMs: number | undefined) {
    super(`the server answered ${status}`)
    this.status = status
    this.retryAfterMs = retryAfterMs
  }
}

/**
 * Returns what a status says against the server, or undefined where it says nothing.
 *
 * 501 and 505 are about the request, however often it is sent; 429 is about its sender, but asks
 * for fewer calls.
 *
 * @param retryAfter - the header as it came
 * @param now - wall time, epoch ms
 */
export function statusError(
  status: number,
  retryAfter: string | undefined,
  now: number,
): HttpStatusError | undefined {
  if (status !== 429 && (status < 500 || status === 501 || status === 505)) return undefined
  const hints = status === 429 || status === 503
  return new HttpStatusError(status, hints ? hintMs(retryAfter, now) : undefined)
}

/** Seconds or a date, as RFC 9110 has it; undefined for anything else. */
function hintMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined
  if (/^\s*\d+\s*$/.test(value)) return Number(value) * 1000
  const at = /[a-z]/i.test(value) ? Date.parse(value) : Number.NaN
  return Number.isNaN(at) ? undefined : Math.max(0, at - now)
}
