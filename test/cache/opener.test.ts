import { open, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import type { DiskTierOptions } from '../../src/cache/disk.ts'
import type { Sighting } from '../../src/cache/sighting.ts'
import { bytes, cacheScene, text } from '../support/cache-scene.ts'

const KEY = 'blobs/ab12'
const bootId = (): string => 'this start'

/** A stored file that has been seen whole after it was no longer young. */
async function scene(options: Partial<DiskTierOptions> = {}) {
  const s = await cacheScene({ bootId, ...options })
  const file = join(s.dir, 'v2/blobs/ab/ab12')
  await s.tier.set(KEY, bytes('some code'))
  await s.clock.advance(5000)
  const read = (seen: Sighting | undefined) => s.tier.readSync(KEY, seen)
  return { ...s, file, read }
}

/** Changes one byte where it lies and puts the times back: nobody can put the ctime back. */
async function flip(file: string, at: number): Promise<void> {
  const { atimeMs, mtimeMs } = await stat(file)
  await using handle = await open(file, 'r+')
  const byte = Buffer.alloc(1)
  await handle.read(byte, 0, 1, at)
  byte[0] = (byte[0] ?? 0) ^ 1
  await handle.write(byte, 0, 1, at)
  await handle.utimes(atimeMs / 1000, mtimeMs / 1000)
}

describe('DiskTier.readSync()', () => {
  test('hashes a file first and trusts it from then on', async () => {
    await using s = await scene()

    const first = s.read(undefined)
    const second = s.read(first?.seen)

    expect([first, second].map((reading) => text(reading?.bytes))).toEqual([
      'some code',
      'some code',
    ])
    expect([first?.isTrusted, second?.isTrusted]).toEqual([false, true])
    expect(second?.seen).toBe(first?.seen)
  })

  test('hashes a file whose sighting is not that of it', async () => {
    await using s = await scene()
    const { seen } = s.read(undefined) ?? {}
    const wrong = [
      { ...seen, size: 1 },
      { ...seen, ino: 1 },
      { ...seen, boot: 'another start' },
    ] as Sighting[]

    const readings = wrong.map((one) => s.read(one))

    expect(readings.map((reading) => reading?.isTrusted)).toEqual([false, false, false])
    expect(readings.map((reading) => text(reading?.bytes))).toEqual(wrong.map(() => 'some code'))
  })

  test('finds any byte flipped in place, with the times put back', async () => {
    await using s = await scene()
    const whole = await readFile(s.file)

    const found: unknown[] = []
    for (let at = 0; at < whole.byteLength; at += 1) {
      await rm(s.file, { force: true })
      await writeFile(s.file, whole)
      await untilTicked(s.file)
      await s.clock.advance(5000)
      const { seen } = s.read(undefined) ?? {}
      await flip(s.file, at)
      found.push([seen !== undefined, s.read(seen)])
    }

    expect(found).toEqual(Array.from(whole, () => [true, undefined]))
  })

  test('finds another file under the name', async () => {
    await using s = await scene()
    const { seen } = s.read(undefined) ?? {}
    const torn = await readFile(s.file)
    await writeFile(`${s.file}.new`, torn.fill(0, torn.byteLength - 4))
    await rename(`${s.file}.new`, s.file)

    expect(seen).toBeDefined()
    expect(s.read(seen)).toBeUndefined()
    expect(s.seen.map(([name]) => name)).toEqual(['cache.corrupt'])
  })

  test('hashes a touched file again and knows it from then on', async () => {
    await using s = await scene()
    const { seen } = s.read(undefined) ?? {}
    await utimes(s.file, 1, 1)
    await s.clock.advance(5000)

    const touched = s.read(seen)
    const later = s.read(touched?.seen)

    expect([touched?.isTrusted, later?.isTrusted]).toEqual([false, true])
  })

  test('notes nothing of a file that is young', async () => {
    await using s = await cacheScene({ bootId })
    await s.tier.set(KEY, bytes('some code'))

    const reading = s.tier.readSync(KEY, undefined)

    expect(text(reading?.bytes)).toBe('some code')
    expect(reading?.seen).toBeUndefined()
  })

  test.each([
    ['the machine names no start', { bootId: () => undefined }],
    ['there is a secret', { secret: new Secret('a secret of more than thirty-two bytes') }],
  ])('hashes every time where %s', async (_why, options) => {
    await using s = await scene()
    const { seen } = s.read(undefined) ?? {}
    await using other = await scene(options)
    const { size, mtimeMs, ctimeMs, ino } = await stat(other.file)
    const exact = { ...seen, size, mtimeMs, ctimeMs, ino } as Sighting

    const reading = other.read(exact)

    expect(text(reading?.bytes)).toBe('some code')
    expect([reading?.isTrusted, reading?.seen]).toEqual([false, undefined])
  })
})

/** A write in the same tick of the kernel's clock bears the same ctime: no tick takes 20 ms. */
async function untilTicked(file: string): Promise<void> {
  const { ctimeMs } = await stat(file)
  while (Date.now() < ctimeMs + 20) await new Promise(setImmediate)
}
