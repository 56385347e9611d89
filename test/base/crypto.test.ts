import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'

const digestUrl = pathToFileURL(join(import.meta.dirname, '../../src/base/digest.ts')).href

/** Whether a process that hashes so many characters, piece by piece, has loaded node:crypto. */
function loadsCrypto(pieces: readonly number[], expectsMuch = false): boolean {
  const program = `
    const { digest, expectMuchToHash } = await import(${JSON.stringify(digestUrl)})
    if (${expectsMuch}) expectMuchToHash()
    for (const length of ${JSON.stringify(pieces)}) digest('x'.repeat(length))
    process.stdout.write(String(process.moduleLoadList.includes('NativeModule crypto')))`
  const args = ['--input-type=module', '--no-warnings', '-e', program]
  return execFileSync(process.execPath, args).toString() === 'true'
}

describe('crypto()', () => {
  test('is not reached by the digests of a start, but by longer or many ones', () => {
    expect(loadsCrypto([2000, 200, 200])).toBe(false)
    expect(loadsCrypto([20_000])).toBe(true)
    expect(loadsCrypto(Array.from({ length: 20 }, () => 1000))).toBe(true)
  })

  test('is reached at once by who expects much to hash', () => {
    expect(loadsCrypto([200], true)).toBe(true)
  })
})
