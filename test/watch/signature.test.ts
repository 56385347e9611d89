import { utimesSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  folderIdentity,
  isCoarse,
  isFolder,
  namesIn,
  signatureOf,
} from '../../src/watch/signature.ts'
import { createFixture } from '../support/fixture.ts'

describe('signatureOf()', () => {
  test('changes with the contents, the times and the kind of a file', async () => {
    await using fixture = await createFixture({ a: '1' })
    const first = signatureOf(fixture.path('a'))
    writeFileSync(fixture.path('a'), '22')
    const second = signatureOf(fixture.path('a'))
    utimesSync(fixture.path('a'), 1, 1)

    expect(new Set([first, second, signatureOf(fixture.path('a'))]).size).toBe(3)
  })

  test('stays the same for a folder whose names change', async () => {
    await using fixture = await createFixture({ 'd/a': '' })
    const before = signatureOf(fixture.path('d'))

    writeFileSync(fixture.path('d/b'), '')

    expect(signatureOf(fixture.path('d'))).toBe(before)
  })

  test('is undefined for what is missing, also behind a file', async () => {
    await using fixture = await createFixture({ a: '' })

    expect(signatureOf(fixture.path('none'))).toBeUndefined()
    expect(signatureOf(fixture.path('a/b'))).toBeUndefined()
    expect([isFolder(fixture.path('a/b')), folderIdentity(fixture.path('a'))]).toEqual([
      false,
      undefined,
    ])
    expect(namesIn(fixture.path('none'))).toEqual(new Set())
  })
})

describe('isCoarse()', () => {
  test.each([
    ['33188 7 1 1700000000123.4 1700000000123.4', false],
    ['33188 7 1 1700000000000 1700000000123', false],
    ['33188 7 1 1700000000000 1700000000000', true],
    ['folder 7 1700000000123.4', false],
  ])('reads %j as %s', (signature, expected) => {
    expect(isCoarse(signature)).toBe(expected)
  })
})
