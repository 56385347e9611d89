import { describe, expect, test } from 'vitest'
import { findProjectRoot, readDotEnv, readEnvironment } from '../../src/config/env.ts'
import { createFixture } from '../support/fixture.ts'

describe('readEnvironment()', () => {
  test('copies the variables of the process', () => {
    const { variables, cwd, cores } = readEnvironment()

    expect(variables).not.toBe(process.env)
    expect(variables.PATH).toBe(process.env.PATH)
    expect(cwd).toBe(process.cwd())
    expect(cores).toBeGreaterThan(0)
  })

  test('reads a secret without the newline at its end', async () => {
    await using fixture = await createFixture({ key: 'abc\n\n', windows: 'abc\r\n' })
    const { readSecret } = readEnvironment()

    expect(readSecret(fixture.path('key'))).toBe('abc\n')
    expect(readSecret(fixture.path('windows'))).toBe('abc')
  })

  test('refuses a secret of more than 64 KiB', async () => {
    await using fixture = await createFixture({ key: 'x'.repeat(64 * 1024 + 1) })

    expect(() => readEnvironment().readSecret(fixture.path('key'))).toThrow('65537 bytes')
  })
})

describe('findProjectRoot()', () => {
  test('returns the nearest folder with a package.json, else the folder itself', async () => {
    await using fixture = await createFixture({ 'a/package.json': '{}', 'a/b/file': '', 'c/d': '' })

    expect(findProjectRoot(fixture.path('a/b'))).toBe(fixture.path('a'))
    expect(findProjectRoot(fixture.path('c'))).toBe(fixture.path('c'))
  })
})

describe('readDotEnv()', () => {
  test('reads variables without setting them', async () => {
    await using fixture = await createFixture({ '.env': 'SOMON_TEST_DOT="a b" # c\n' })

    const dotEnv = readDotEnv(fixture.path('.env'))

    expect(dotEnv?.variables).toEqual({ SOMON_TEST_DOT: 'a b' })
    expect(process.env.SOMON_TEST_DOT).toBeUndefined()
    expect(readDotEnv(fixture.path('none'))).toBeUndefined()
  })
})
