import { describe, expect, test } from 'vitest'
import { isTimeoutReason, timedOutBy } from '../../../src/guard/edges/give-up.ts'

const coded = (message: string, code: string): Error => Object.assign(new Error(message), { code })

describe('isTimeoutReason()', () => {
  test.each<[string, unknown]>([
    [
      'the TimeoutError of a signal',
      AbortSignal.abort(new DOMException('', 'TimeoutError')).reason,
    ],
    [
      'an AbortError because of one',
      new Error('aborted', { cause: new DOMException('', 'TimeoutError') }),
    ],
    ['what pg destroys its socket with', new Error('timeout expired')],
    ['what pg says of its pool', new Error('Connection terminated due to connection timeout')],
    ['what axios says', coded('timeout of 50ms exceeded', 'ECONNABORTED')],
    ['what redis says', new Error('Connection timeout')],
    ['a code of the system', coded('connect', 'ETIMEDOUT')],
    ['a code alone', coded('', 'UND_ERR_CONNECT_TIMEOUT')],
    ['what people write', new Error('the upstream timed out')],
  ])('is true of %s', (_name, reason) => {
    expect(isTimeoutReason(reason)).toBe(true)
  })

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['a text', 'timeout'],
    ['an abort', new DOMException('', 'AbortError')],
    ['another error', coded('Request aborted', 'ECONNABORTED')],
    [
      'an object whose properties throw',
      Object.defineProperty({}, 'name', {
        get: () => {
          throw new Error('no')
        },
      }),
    ],
  ])('is false of %s', (_name, reason) => {
    expect(isTimeoutReason(reason)).toBe(false)
  })
})

describe('timedOutBy()', () => {
  test('keeps the text and the code of the reason', () => {
    const error = timedOutBy(coded('timeout of 50ms exceeded', 'ECONNABORTED'))

    expect(error).toMatchObject({
      name: 'TimeoutError',
      message: 'timeout of 50ms exceeded',
      code: 'ECONNABORTED',
    })
  })

  test('finds words where there is no reason', () => {
    expect(timedOutBy(undefined)).toMatchObject({
      name: 'TimeoutError',
      message: expect.stringContaining('no longer'),
    })
  })

  test('finds words where nothing can be read', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()

    expect(isTimeoutReason(proxy)).toBe(false)
    expect(isTimeoutReason({ name: 'AbortError', cause: proxy })).toBe(false)
    expect(timedOutBy(proxy)).toMatchObject({ name: 'TimeoutError', message: 'object' })
  })
})
