import { describe, expect, test } from 'vitest'
import { patternOf, readTsconfig } from '../../src/resolve/tsconfig.ts'
import { createFixture } from '../support/fixture.ts'

describe('patternOf()', () => {
  test.each([
    ['@lib/a', ['@lib/*', '*'], '@lib/*'],
    ['@lib/a', ['*', '@lib/*', '@lib/a'], '@lib/a'],
    ['@lib/deep/a', ['@lib/*', '@lib/deep/*'], '@lib/deep/*'],
    ['a.css', ['*.css', '*'], '*.css'],
    ['aa', ['a*a'], 'a*a'],
    ['a', ['a*a', 'b'], undefined],
    ['@lib', ['@lib/*'], undefined],
  ])('takes for %s of %j %j', (specifier, patterns, expected) => {
    expect(patternOf(specifier, patterns)).toBe(expected)
  })
})

describe('readTsconfig()', () => {
  test('tells the pattern of an extended file, relative to that file', async () => {
    await using fixture = await createFixture({
      'base/tsconfig.json': '{"compilerOptions":{"paths":{"@/*":["./src/*","./gen/*"]}}}',
      'tsconfig.json': '{"extends":"./base/tsconfig.json"}',
    })

    expect(readTsconfig(fixture.path('tsconfig.json')).mapping('@/a')).toEqual({
      pattern: '@/*',
      candidates: [fixture.path('base/src/a'), fixture.path('base/gen/a')],
    })
  })

  test('knows no pattern of a file that is broken, or has a baseUrl only', async () => {
    await using fixture = await createFixture({
      'tsconfig.json': '{',
      'based.json': '{"compilerOptions":{"baseUrl":"."}}',
    })

    expect(readTsconfig(fixture.path('tsconfig.json')).mapping('a')).toBeUndefined()
    expect(readTsconfig(fixture.path('based.json')).mapping('a')).toBeUndefined()
    expect(readTsconfig(fixture.path('based.json')).candidates('a')).toEqual([fixture.path('a')])
  })
})
