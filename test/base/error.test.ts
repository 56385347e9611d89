import { describe, expect, test } from 'vitest'
import { codeOf, defineError, isSomonError, messageOf, SomonError } from '../../src/base/error.ts'

const missing = defineError<{ file: string; tried: number }>({
  code: 'SOMON_BASE_MISSING',
  when: 'a file is not there',
  remedy: 'create the file',
  message: ({ file }) => `Cannot read "${file}": it does not exist; an existing file is needed`,
})

describe('defineError()', () => {
  test('makes errors with code, message, fix and data', () => {
    const error = missing({ file: 'a.ts', tried: 2 })

    expect(error).toBeInstanceOf(Error)
    expect(error).toMatchObject({
      name: 'SomonError',
      code: 'SOMON_BASE_MISSING',
      message: 'Cannot read "a.ts": it does not exist; an existing file is needed',
      fix: 'create the file',
      data: { file: 'a.ts', tried: 2 },
      retryable: false,
    })
  })

  test('carries the catalogue row on the factory', () => {
    expect({ code: missing.code, when: missing.when, remedy: missing.remedy }).toEqual({
      code: 'SOMON_BASE_MISSING',
      when: 'a file is not there',
      remedy: 'create the file',
    })
  })

  test('prefers the fix of the case, and that of the details before it', () => {
    const make = defineError<{ name: string }>({
      code: 'SOMON_BASE_X',
      when: '-',
      remedy: 'general',
      message: () => 'Cannot',
      fix: ({ name }) => `for ${name}`,
    })

    expect(make({ name: 'a' }).fix).toBe('for a')
    expect(make({ name: 'a' }, { fix: 'better' }).fix).toBe('better')
  })

  test('takes retryable from the catalogue unless the details say otherwise', () => {
    const make = defineError<object>({
      code: 'SOMON_BASE_X',
      when: '-',
      remedy: '-',
      message: () => 'Cannot',
      retryable: true,
    })

    expect(make({}).retryable).toBe(true)
    expect(make({}, { retryable: false }).retryable).toBe(false)
  })
})

describe('SomonError', () => {
  test('has a cause only when one is given, even undefined', () => {
    expect('cause' in missing({ file: 'a', tried: 1 })).toBe(false)
    expect('cause' in missing({ file: 'a', tried: 1 }, { cause: undefined })).toBe(true)
  })

  test('toJSON() returns the parts that are set', () => {
    const error = missing({ file: 'a.ts', tried: 1 })

    expect(JSON.parse(JSON.stringify(error))).toEqual({
      code: 'SOMON_BASE_MISSING',
      message: error.message,
      fix: 'create the file',
      retryable: false,
      data: { file: 'a.ts', tried: 1 },
    })
  })

  test('toJSON() prints location, frame, import chain, single faults and causes', () => {
    const inner = missing({ file: 'b.ts', tried: 1 })
    const system = Object.assign(new Error('no file'), { code: 'ENOENT' })
    const location = { file: 'a.ts', line: 1, column: 2 }

    const json = missing(
      { file: 'a.ts', tried: 1 },
      { location, frame: '> 1 | x', importChain: ['a.ts', 'b.ts'], errors: [inner], cause: system },
    ).toJSON()

    expect(json).toMatchObject({
      location,
      frame: '> 1 | x',
      importChain: ['a.ts', 'b.ts'],
      errors: [{ code: 'SOMON_BASE_MISSING' }],
      cause: { name: 'Error', message: 'no file', code: 'ENOENT' },
    })
  })

  test('toJSON() ends although causes form a ring', () => {
    const outer = new SomonError('SOMON_BASE_X', 'Cannot', 'fix')
    const plain = new Error('plain', { cause: outer })
    Object.defineProperty(outer, 'cause', { value: plain })

    const text = JSON.stringify(outer)

    expect(text.match(/"plain"/g)?.length).toBeLessThanOrEqual(16)
  })

  test('toJSON() prints causes that are no errors', () => {
    const json = missing({ file: 'a', tried: 1 }, { cause: Object.create(null) }).toJSON()

    expect(json.cause).toBe('[object Object]')
  })
})

describe('isSomonError()', () => {
  test('tells coded errors from others, and codes from each other', () => {
    const error = missing({ file: 'a', tried: 1 })

    expect(isSomonError(error)).toBe(true)
    expect(isSomonError(error, 'SOMON_BASE_MISSING')).toBe(true)
    expect(isSomonError(error, 'SOMON_BASE_OTHER')).toBe(false)
    expect(isSomonError({ code: 'SOMON_BASE_MISSING' })).toBe(false)
  })
})

describe('messageOf()', () => {
  test.each([
    [new Error('text'), 'text'],
    ['thrown text', 'thrown text'],
    [undefined, 'undefined'],
    [Symbol('s'), 'Symbol(s)'],
    [Object.create(null), '[object Object]'],
  ])('returns a text for %o', (thrown, message) => {
    expect(messageOf(thrown)).toBe(message)
  })

  test.each([
    [42, '42'],
    [Symbol('s'), 'Symbol(s)'],
    [{ a: 1 }, '[object Object]'],
  ])('returns a text for an error whose message is %o', (message, text) => {
    expect(messageOf(Object.assign(new Error('x'), { message }))).toBe(text)
  })

  test('returns a text, and codeOf() nothing, where nothing can be read', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()

    expect([messageOf(proxy), codeOf(proxy)]).toEqual(['object', undefined])
  })
})

describe('codeOf()', () => {
  test('returns the code of a system or coded error', () => {
    expect(codeOf(Object.assign(new Error('no'), { code: 'ENOENT' }))).toBe('ENOENT')
    expect(codeOf(missing({ file: 'a', tried: 1 }))).toBe('SOMON_BASE_MISSING')
  })

  test.each([null, undefined, 'ENOENT', new Error('no'), { code: 7 }])(
    'returns undefined for %o',
    (thrown) => {
      expect(codeOf(thrown)).toBeUndefined()
    },
  )
})
