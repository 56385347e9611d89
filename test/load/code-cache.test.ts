import { describe, expect, test } from 'vitest'
import { digest } from '../../src/base/digest.ts'
import {
  codeCacheKey,
  codeCacheMaker,
  unwrapCodeCache,
  wrapCodeCache,
} from '../../src/load/code-cache.ts'

const CODE = digest('code')
const MAKER = { v8Tag: 'abc123', arch: 'x64' }
const BYTES = Buffer.from([1, 2, 3, 4])

describe('unwrapCodeCache()', () => {
  test('returns what was wrapped', () => {
    const wrapped = wrapCodeCache(CODE, MAKER, BYTES)

    expect(Buffer.from(unwrapCodeCache(wrapped, CODE, MAKER) ?? [])).toEqual(BYTES)
  })

  test.each([
    ['code of equal length', digest('edoc'), MAKER],
    ['V8', CODE, { ...MAKER, v8Tag: 'abc124' }],
    ['architecture', CODE, { ...MAKER, arch: 'arm64' }],
  ])('refuses the bytes of another %s', (_what, codeId, maker) => {
    const wrapped = wrapCodeCache(codeId, maker, BYTES)

    expect(unwrapCodeCache(wrapped, CODE, MAKER)).toBeUndefined()
  })

  test('refuses every truncation of the header', () => {
    const wrapped = wrapCodeCache(CODE, MAKER, Buffer.alloc(0))

    for (let end = 0; end < wrapped.byteLength; end += 1) {
      expect(unwrapCodeCache(wrapped.subarray(0, end), CODE, MAKER)).toBeUndefined()
    }
  })

  test('hands V8 aligned bytes', () => {
    const wrapped = wrapCodeCache(CODE, codeCacheMaker(undefined), BYTES)

    expect((wrapped.byteLength - BYTES.byteLength) % 8).toBe(0)
  })
})

describe('codeCacheMaker()', () => {
  test('names V8 and the flags it was started with, in a form that a key takes', () => {
    const tags = [
      codeCacheMaker(undefined, []),
      codeCacheMaker(undefined, ['--no-opt']),
      codeCacheMaker(undefined, ['--no-opt', '--jitless']),
      codeCacheMaker('--no-opt', []),
    ].map(({ v8Tag }) => v8Tag)

    expect(new Set(tags).size).toBe(3)
    expect(tags[0]).toBe(`${process.versions.v8}-plain`)
    expect(tags.filter((tag) => !/^[a-z0-9._-]+$/.test(tag))).toEqual([])
  })

  test('leaves out what a program is given to run', () => {
    const tags = [['-e', 'one()'], ['-e', 'two()'], []].map((args) =>
      codeCacheMaker(undefined, args),
    )

    expect(new Set(tags.map(({ v8Tag }) => v8Tag)).size).toBe(1)
  })
})

describe('codeCacheKey()', () => {
  test('differs by code, V8 and architecture', () => {
    const keys = [
      codeCacheKey(CODE, MAKER),
      codeCacheKey(digest('other'), MAKER),
      codeCacheKey(CODE, { ...MAKER, v8Tag: 'f' }),
      codeCacheKey(CODE, { ...MAKER, arch: 'arm64' }),
    ]

    expect(new Set(keys).size).toBe(4)
    expect(keys[0]).toBe(`code/${CODE}-abc123-x64`)
  })
})
