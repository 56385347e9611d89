import { readFileSync, writeFileSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { defineError, SomonError } from '../src/base/error.ts'
import type { ErrorCase } from './support/error-case.ts'
import { errorCatalogue } from './support/error-catalogue.ts'
import { errorText, grammarFaults } from './support/error-text.ts'
import { createFixture } from './support/fixture.ts'

const folder = join(import.meta.dirname, '../fixtures/errors')
const catalogue = await errorCatalogue()
const codes = catalogue.map((row) => row.code)
const cases = (await readdir(folder)).filter((name) => !name.startsWith('.')).toSorted()

describe('the error catalogue', () => {
  test('names every code once, after its folder', () => {
    const misplaced = catalogue.filter(
      ({ code, file }) =>
        !code.startsWith(`SOMON_${(file.split('/')[1] ?? '').toUpperCase()}_`) ||
        !/^[A-Z][A-Z0-9_]+$/.test(code),
    )

    expect(misplaced.map((row) => row.code)).toEqual([])
    expect(codes).toEqual([...new Set(codes)])
  })

  test('says when each error occurs and what helps', () => {
    const silent = catalogue.filter(
      ({ factory }) => factory.when.trim() === '' || factory.remedy.trim() === '',
    )

    expect(silent.map((row) => row.code)).toEqual([])
  })

  test('says when each error occurs in whole sentences', () => {
    const fragments = catalogue.filter(({ factory }) => !/^[A-Z].*[a-z`"]\.$/.test(factory.when))

    expect(fragments.map((row) => row.code)).toEqual([])
  })

  test('has a case for every code', () => {
    expect(codes.filter((code) => !cases.includes(code))).toEqual([])
  })

  test('has a code for every case', () => {
    expect(cases.filter((name) => !codes.includes(name))).toEqual([])
  })
})

describe('fixtures/errors', () => {
  test.each(cases)('%s is reached and reads as expected', async (code) => {
    const url = pathToFileURL(join(folder, code, 'case.ts')).href
    const { errorCase } = (await import(url)) as { errorCase: ErrorCase }
    await using fixture = await createFixture()

    const error = await provoked(errorCase, fixture)

    expect(error.code).toBe(code)
    expect(grammarFaults(error)).toEqual([])
    expect(errorCase.story.trim()).not.toBe('')
    expect(errorText(error, fixture.root)).toBe(expectedText(code, errorText(error, fixture.root)))
  })
})

/** Cases that make their error themselves, because reaching it takes more than a case; only shrinks. */
const SHORTCUTS: ReadonlySet<string> = new Set(['SOMON_CACHE_FOREIGN_OWNER'])

describe('the cases', () => {
  test('reach their errors through the code that a user runs', () => {
    const shortcuts = cases.filter((code) => {
      const text = readFileSync(join(folder, code, 'case.ts'), 'utf8')
      return /src\/\w+\/errors\.ts/.test(text) && !SHORTCUTS.has(code)
    })

    expect(shortcuts).toEqual([])
  })
})

describe('grammarFaults()', () => {
  const make = defineError<{ message: string; fix: string }>({
    code: 'SOMON_BASE_EXAMPLE',
    when: 'in this test',
    remedy: 'read the style guide',
    message: (data) => data.message,
    fix: (data) => data.fix,
  })
  const good = { message: 'Cannot load "a.ts": it is missing', fix: 'create the file' }

  test('accepts a message of the grammar', () => {
    expect(grammarFaults(make(good))).toEqual([])
  })

  test.each([
    { ...good, message: 'Failed to load "a.ts"' },
    { ...good, message: 'Cannot load "a.ts": it is missing.' },
    { ...good, message: 'Cannot load "undefined": it is missing' },
    { ...good, message: 'Cannot load "a.ts": it does not exist and can\'t be made' },
    { ...good, message: 'Cannot load "a.ts": it\'s gone' },
    { ...good, fix: '' },
    { ...good, fix: 'you should create it' },
    { ...good, fix: "don't delete it" },
  ])('refuses $message / $fix', (data) => {
    expect(grammarFaults(make(data))).toHaveLength(1)
  })
})

async function provoked(
  errorCase: ErrorCase,
  fixture: Awaited<ReturnType<typeof createFixture>>,
): Promise<SomonError> {
  try {
    const returned = await errorCase.provoke(fixture)
    if (returned instanceof SomonError) return returned
  } catch (error) {
    if (error instanceof SomonError) return error
    throw error
  }
  throw new Error('Cannot judge the case: it ended without an error')
}

/** Reads what the case expects; with `UPDATE=1` writes it first. */
function expectedText(code: string, actual: string): string {
  const file = join(folder, code, 'expected.txt')
  if (process.env.UPDATE === '1') writeFileSync(file, actual)
  return readFileSync(file, 'utf8')
}
