import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { statusError } from '../../../src/guard/edges/status.ts'
import { classify, type Outcome } from '../../../src/guard/outcome.ts'
import { guardSettings } from '../support/settings.ts'

const NOW = Date.parse('2030-01-01T00:00:00Z')

function judged(status: number, retryAfter?: string): [Outcome, number | undefined] {
  const error = statusError(status, retryAfter, NOW)
  if (error === undefined) return ['ok', undefined]
  const verdict = classify(error, 0, { settings: guardSettings() })
  return [verdict.outcome, verdict.retryAfterMs]
}

describe('statusError()', () => {
  test.each([200, 204, 301, 304, 400, 401, 404, 409, 499, 501, 505])(
    'takes %i for ok',
    (status) => {
      expect(judged(status, '3')).toEqual(['ok', undefined])
    },
  )

  test.each([500, 502, 503, 504, 507, 599])('takes %i for a failure', (status) => {
    expect(judged(status)).toEqual(['failure', undefined])
  })

  test('takes 429, and 503 that says for how long, for overload', () => {
    expect(judged(429)).toEqual(['overload', undefined])
    expect(judged(429, '2')).toEqual(['overload', 2000])
    expect(judged(503, '120')).toEqual(['overload', 120_000])
    expect(judged(503, 'Tue, 01 Jan 2030 00:00:05 GMT')).toEqual(['overload', 5000])
    expect(judged(503, 'Mon, 31 Dec 2029 00:00:00 GMT')).toEqual(['overload', 0])
    expect(judged(502, '120')).toEqual(['failure', undefined])
  })

  test.each(['', 'soon', '-1', '1.5', '0x10', 'NaN'])('does not read %j as a time', (value) => {
    expect(judged(503, value)).toEqual(['failure', undefined])
  })

  test('never throws and never hints below zero, whatever the header holds', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        expect(judged(503, value)[1] ?? 0).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})
