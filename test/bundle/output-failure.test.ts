import { describe, expect, test } from 'vitest'
import { bundleFailed } from '../../src/bundle/errors.ts'
import { withMappingHints } from '../../src/bundle/output-failure.ts'

const AT = { location: { file: 'src/a.ts', line: 1, column: 8 }, frame: '> 1 | import' }

describe('withMappingHints()', () => {
  test('asks for nothing where every name was resolved', async () => {
    const error = failure('expected ";" but found "x"', 1, AT)

    const hinted = await withMappingHints(error, () => {
      throw new Error('asked')
    })

    expect(hinted).toBe(error)
  })

  test('leaves an error alone for which there is no hint', async () => {
    const error = failure('could not resolve "lib"', 1, AT)

    expect(await withMappingHints(error, () => [undefined])).toBe(error)
  })

  test('says what the names of the parts are mapped to, and keeps the places', async () => {
    const part = failure('could not resolve "@lib/a" (src/a.ts:1:8)', 1, AT)
    const other = failure('could not resolve "z"', 1, AT)
    const error = failure('could not resolve "@lib/a"', 2, { ...AT, errors: [part, other] })

    const hinted = await withMappingHints(error, (names) =>
      names.map(({ specifier, importer }) =>
        specifier === '@lib/a' ? { reason: `mapped from ${importer}`, fix: 'Map it' } : undefined,
      ),
    )

    expect(hinted).toMatchObject({
      message: 'Cannot bundle "src/a.ts": mapped from src/a.ts; it is the first of 2 errors',
      fix: 'Map it',
      ...AT,
      errors: [{ message: 'Cannot bundle "src/a.ts": mapped from src/a.ts', ...AT }, other],
    })
  })
})

function failure(
  reason: string,
  errorCount: number,
  details: Parameters<typeof bundleFailed>[1],
): ReturnType<typeof bundleFailed> {
  return bundleFailed({ entry: 'src/a.ts', reason, errorCount }, details)
}
