import { describe, expect, test, vi } from 'vitest'
import {
  guardDisposed,
  guardFull,
  guardIsolated,
  guardOpen,
  guardRateLimited,
  guardTimeout,
} from '../../src/guard/errors.ts'
import { classify, failureRecord, okVerdict, type OutcomeRules } from '../../src/guard/outcome.ts'
import { guarded } from './support/guarded.ts'
import { guardSettings } from './support/settings.ts'

const inner = {
  owner: 'main',
  dependency: 'inner',
  state: 'open',
  reason: 'manual',
  retryAfterMs: undefined,
}

describe('okVerdict()', () => {
  test.each([
    [0, 10_000, false],
    [100, 99.9, false],
    [100, 100, true],
  ])('with slowCallMs %i and %d ms is slow: %s', (slowCallMs, elapsedMs, slow) => {
    const verdict = okVerdict(elapsedMs, guardSettings({ slowCallMs }))

    expect(verdict).toEqual({ outcome: 'ok', slow, retryAfterMs: undefined })
  })
})

describe('classify()', () => {
  test.each([
    ['an error', new Error('no')],
    ['a coded error', Object.assign(new Error('no'), { code: 'ECONNRESET' })],
    ['a string', 'no'],
    ['undefined', undefined],
    ['null', null],
    ['a 503 without a hint', Object.assign(new Error('no'), { status: 503 })],
  ])('takes %s for a failure', (_name, error) => {
    expect(outcomeOf(error)).toBe('failure')
  })

  test('takes an object whose properties throw for a failure', () => {
    const hostile = new Proxy(new Error('no'), {
      get() {
        throw new Error('keep out')
      },
      has() {
        throw new Error('keep out')
      },
    })

    expect(outcomeOf(hostile)).toBe('failure')
  })

  test('takes its own timeout, and any other, for a timeout', () => {
    const own = guardTimeout({ ...inner, timeoutMs: 10 })
    const foreign = new DOMException('too long', 'TimeoutError')

    expect([outcomeOf(own), outcomeOf(foreign)]).toEqual(['timeout', 'timeout'])
  })

  test.each([guardOpen, guardIsolated, guardFull, guardRateLimited, guardDisposed])(
    'ignores the refusal of an inner guard',
    (refusal) => {
      expect(outcomeOf(refusal(inner))).toBe('ignored')
    },
  )

  test('ignores the codes of settings.ignore', () => {
    const error = Object.assign(new Error('no'), { code: 'NOT_FOUND' })
    const settings = guardSettings({}, { ignore: ['NOT_FOUND'] })

    expect([outcomeOf(error), outcomeOf(error, { settings })]).toEqual(['failure', 'ignored'])
  })

  describe('with an abort', () => {
    const abortError = new DOMException('gone', 'AbortError')

    test("ignores the caller's, whatever the task made of it", () => {
      const signal = AbortSignal.abort()

      expect(outcomeOf(signal.reason, { signal })).toBe('ignored')
      expect(outcomeOf(new Error('wrapped'), { signal })).toBe('ignored')
      expect(outcomeOf(abortError)).toBe('ignored')
    })

    test('takes one for lack of time for a timeout', () => {
      const signal = AbortSignal.abort(new DOMException('too long', 'TimeoutError'))

      expect(outcomeOf(signal.reason, { signal })).toBe('timeout')
      expect(outcomeOf(new Error('wrapped'), { signal })).toBe('timeout')
    })

    test('takes one after slowCallMs for a timeout', () => {
      const settings = guardSettings({ slowCallMs: 100 })

      expect(classify(abortError, 99, { settings }).outcome).toBe('ignored')
      expect(classify(abortError, 100, { settings })).toMatchObject({
        outcome: 'timeout',
        slow: true,
      })
    })

    test('takes an error for what it is while the signal is not aborted', () => {
      const { signal } = new AbortController()

      expect(outcomeOf(new Error('no'), { signal })).toBe('failure')
    })
  })

  describe('with a hint', () => {
    test.each([
      [429, 1500, 'overload', 1500],
      [503, 1500, 'overload', 1500],
      [429, undefined, 'overload', undefined],
      [503, undefined, 'failure', undefined],
      [500, 1500, 'failure', undefined],
      [503, -1, 'failure', undefined],
      [503, Number.NaN, 'failure', undefined],
    ])('status %i and retryAfterMs %s is %s', (status, retryAfterMs, outcome, hintMs) => {
      const error = Object.assign(new Error('busy'), { status, retryAfterMs })

      expect(classify(error, 1, { settings: guardSettings() })).toEqual({
        outcome,
        slow: false,
        retryAfterMs: hintMs,
      })
    })

    test('reads statusCode as well', () => {
      expect(outcomeOf(Object.assign(new Error('busy'), { statusCode: 429 }))).toBe('overload')
    })
  })

  describe('with isFailure', () => {
    test('takes an error that is none for an answer', () => {
      expect(outcomeOf('conflict', { isFailure: isNoConflict })).toBe('ok')
      expect(outcomeOf('no', { isFailure: isNoConflict })).toBe('failure')
    })

    test('takes a predicate that throws for a yes, and tells', () => {
      const onFault = vi.fn<(error: unknown) => void>()
      const fault = new Error('in the predicate')
      const isFailure = (): boolean => {
        throw fault
      }

      expect(outcomeOf('no', { isFailure, onFault })).toBe('failure')
      expect(onFault.mock.calls).toEqual([[fault]])
    })

    test('asks it neither for refusals nor for timeouts', () => {
      const isFailure = vi.fn<(error: unknown) => boolean>(() => false)

      expect(outcomeOf(guardOpen(inner), { isFailure })).toBe('ignored')
      expect(outcomeOf(guardTimeout({ ...inner, timeoutMs: 1 }), { isFailure })).toBe('timeout')
      expect(isFailure).not.toHaveBeenCalled()
    })
  })
})

describe('failureRecord()', () => {
  test('is plain data with at most 300 characters of the message', () => {
    const error = Object.assign(new TypeError('x'.repeat(500)), { code: 'ECONNREFUSED' })

    expect(failureRecord(error, 7)).toEqual({
      name: 'TypeError',
      code: 'ECONNREFUSED',
      message: 'x'.repeat(300),
      at: 7,
    })
  })

  test('takes anything that is thrown', () => {
    const hostile = new Proxy(
      {},
      {
        get() {
          throw new Error('keep out')
        },
        has() {
          throw new Error('keep out')
        },
        getPrototypeOf() {
          throw new Error('keep out')
        },
      },
    )

    expect(failureRecord('no', 1)).toMatchObject({ name: 'string', message: 'no' })
    expect(failureRecord(undefined, 1)).toMatchObject({ code: undefined, message: 'undefined' })
    expect(failureRecord(hostile, 1)).toMatchObject({ name: 'Error', code: undefined })
  })
})

/** Errors whose parts are of other types than everybody takes for granted. */
const oddErrors: [string, () => unknown][] = [
  ...[{ a: 1 }, 42, Symbol('s'), undefined, null, Object.create(null), () => 1].map(
    (part): [string, () => unknown] => [
      `an error whose parts are ${typeof part}`,
      () => {
        const parts = { message: part, name: part, code: part, cause: part, stack: part }
        return Object.freeze(Object.assign(new Error('x'), parts))
      },
    ],
  ),
  ['a revoked proxy', () => revoked(new Error('x'))],
  [
    'an error with a revoked message',
    () => Object.assign(new Error('x'), { message: revoked({}) }),
  ],
  ['an object with a revoked status', () => ({ status: revoked({}), name: revoked({}) })],
]

// Symptom: the caller got "slice is not a function" instead of the error of its task, and nothing
// was counted. Cause: the record of a failure took `message` of an Error for a string.
describe.each(oddErrors)('%s', (_what, make) => {
  test('becomes a record of strings', () => {
    const { name, code, message } = failureRecord(make(), 1)

    expect([typeof name, typeof message]).toEqual(['string', 'string'])
    expect(code).toBeUndefined()
  })

  test('reaches the caller as it is and is counted', async () => {
    const { guard } = guarded(guardSettings({ consecutive: 1 }))
    const error = make()

    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors
    const thrown = await guard.call(() => Promise.reject(error)).catch((own: unknown) => [own])

    expect(thrown[0] === error).toBe(true)
    expect(guard.snapshot()).toMatchObject({ state: 'open', window: { failure: 1 } })
    guard.dispose()
  })
})

function revoked(target: object): object {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

function isNoConflict(error: unknown): boolean {
  return error !== 'conflict'
}

function outcomeOf(error: unknown, rules: Partial<OutcomeRules> = {}): string {
  return classify(error, 1, { settings: guardSettings(), ...rules }).outcome
}
