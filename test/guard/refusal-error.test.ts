import { describe, expect, test } from 'vitest'
import { refusalError } from '../../src/guard/refusal-error.ts'
import type { Refusal } from '../../src/guard/ticket.ts'

const names = { owner: 'orders', dependency: 'payments' }

describe('refusalError()', () => {
  test('names the circuit, why it is open, and when to try again', () => {
    const error = refusalError(refusal({ retryAfterMs: 4200 }), names)

    expect(error.toJSON()).toMatchObject({
      code: 'SOMON_GUARD_OPEN',
      retryable: true,
      data: { ...names, state: 'open', reason: 'consecutive', retryAfterMs: 4200 },
    })
  })

  test('carries the last failure as a plain record', () => {
    const lastFailure = { name: 'SocketError', code: 'UND_ERR_SOCKET', message: 'closed', at: 5 }

    expect(refusalError(refusal({ lastFailure }), names).cause).toBe(lastFailure)
    expect('cause' in refusalError(refusal(), names)).toBe(false)
  })

  test('has a code of its own where an operator refuses', () => {
    const error = refusalError(refusal({ state: 'isolated', reason: 'isolated' }), names)

    expect([error.code, error.retryable]).toEqual(['SOMON_GUARD_ISOLATED', false])
  })

  test('has a stack only after a transition, and leaves the limit as it was', () => {
    const limit = Error.stackTraceLimit

    const first = refusalError(refusal({ isFirst: true }), names)
    const next = refusalError(refusal({ isFirst: false }), names)

    expect(first.stack).toContain('refusal-error.test.ts')
    expect(next.stack).not.toContain('\n    at ')
    expect(Error.stackTraceLimit).toBe(limit)
  })
})

function refusal(changes: Partial<Refusal> = {}): Refusal {
  return {
    admitted: false,
    state: 'open',
    reason: 'consecutive',
    retryAfterMs: undefined,
    lastFailure: undefined,
    isFirst: true,
    ...changes,
  }
}
