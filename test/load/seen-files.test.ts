import { describe, expect, test } from 'vitest'
import type { Sighting } from '../../src/cache/sighting.ts'
import type { LocalTier, Reading } from '../../src/cache/tier.ts'
import type { SeenFile } from '../../src/load/manifest.ts'
import { SeenFiles } from '../../src/load/seen-files.ts'

const YES = (): boolean => true

function sighting(ino: number, seenAt = 10): Sighting {
  return { boot: 'a', seenAt, size: 1, mtimeMs: 1, ctimeMs: 1, ino }
}

/** A disk that trusts what it is handed when it is what it has, as the real one does. */
function disk(files: Readonly<Record<string, Sighting | undefined>>): LocalTier {
  const readSync = (key: string, seen: Sighting | undefined): Reading | undefined => {
    if (!(key in files)) return undefined
    const isTrusted = seen !== undefined && seen.ino === files[key]?.ino
    return { bytes: Buffer.from(key), isTrusted, seen: isTrusted ? seen : files[key] }
  }
  return { readSync } as unknown as LocalTier
}

describe('SeenFiles', () => {
  test('gives back the rows of before when they are still right', () => {
    const before: SeenFile[] = [
      ['blobs/a', sighting(1)],
      ['code/a', sighting(2)],
    ]
    const files = new SeenFiles(disk({ 'blobs/a': sighting(1), 'code/a': sighting(2) }), before, {
      hash: false,
    })

    files.read('blobs/a', YES)
    files.read('code/a', YES)

    expect(files.rows).toBe(before)
  })

  test('asks for the form of bytes that were hashed, and never of trusted ones', () => {
    const asked: string[] = []
    const isRight = (bytes: Uint8Array): boolean => asked.push(String(bytes)) > 0
    const before: SeenFile[] = [['blobs/a', sighting(1)]]
    const files = new SeenFiles(disk({ 'blobs/a': sighting(1), 'blobs/b': sighting(2) }), before, {
      hash: false,
    })

    files.read('blobs/a', isRight)
    files.read('blobs/b', isRight)

    expect(asked).toEqual(['blobs/b'])
  })

  test('hashes everything when told to, and keeps the rows all the same', () => {
    const before: SeenFile[] = [['blobs/a', sighting(1)]]
    const files = new SeenFiles(disk({ 'blobs/a': sighting(1, 20) }), before, { hash: true })
    let hashed = 0

    files.read('blobs/a', () => {
      hashed += 1
      return true
    })

    expect(hashed).toBe(1)
    expect(files.rows).toBe(before)
  })

  test('replaces what has changed, forgets what is gone, young or wrong, adds what is new', () => {
    const before: SeenFile[] = ['changed', 'gone', 'young', 'wrong'].map((name) => [
      `blobs/${name}`,
      sighting(1),
    ])
    const files = new SeenFiles(
      disk({
        'blobs/changed': sighting(2),
        'blobs/young': undefined,
        'blobs/wrong': sighting(3),
        'blobs/new': sighting(4),
      }),
      before,
      { hash: false },
    )

    for (const name of ['changed', 'gone', 'young', 'new']) files.read(`blobs/${name}`, YES)
    const wrong = files.read('blobs/wrong', () => false)

    expect(wrong).toBeUndefined()
    expect(files.rows).toEqual([
      ['blobs/changed', sighting(2)],
      ['blobs/new', sighting(4)],
    ])
  })

  test('replaces a row from the future, which would never be trusted', () => {
    const before: SeenFile[] = [['blobs/a', sighting(1, 99)]]
    const files = new SeenFiles(disk({ 'blobs/a': sighting(1, 20) }), before, { hash: true })

    files.read('blobs/a', YES)

    expect(files.rows).toEqual([['blobs/a', sighting(1, 20)]])
  })

  test('keeps a few rows of what is not read', () => {
    const before: SeenFile[] = [1, 2, 3, 4, 5, 6].map((n) => [`code/a-${n}`, sighting(n)])
    const files = new SeenFiles(disk({ 'code/a-6': sighting(6) }), before, { hash: false })

    files.read('code/a-6', YES)

    expect(files.rows.map(([key]) => key)).toEqual([
      'code/a-6',
      ...[1, 2, 3, 4].map((n) => `code/a-${n}`),
    ])
  })
})
