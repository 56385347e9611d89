import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planGc, type GcPlanInput } from '../../src/cache/gc-plan.ts'
import type { CacheFile } from '../../src/cache/scan.ts'

const NOW = 1_700_000_000_000
const MINUTE_MS = 60e3
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

function file(key: string, ageMs: number, bytes = 4096): CacheFile {
  const space = key.split('/')[0] as CacheFile['space']
  return { key, space, file: `/cache/${key}`, bytes, mtimeMs: NOW - ageMs }
}

function plan(input: Partial<GcPlanInput>): string[] {
  const all = { files: [], references: new Map(), now: NOW, maxBytes: 1e9, maxAgeMs: DAY_MS }
  return planGc({ ...all, ...input }).map(({ file: { key }, because }) => `${key} ${because}`)
}

describe('planGc()', () => {
  test('removes nothing within the bounds', () => {
    const files = [file('keys/aa', 0), file('blobs/bb', 2 * HOUR_MS), file('code/cc', 0)]

    expect(plan({ files, references: new Map([['keys/aa', ['blobs/bb']]]) })).toEqual([])
  })

  test('removes what was not used for too long, blobs with their last key', () => {
    const files = [
      file('keys/old', 2 * DAY_MS),
      file('keys/new', 0),
      file('blobs/shared', 0),
      file('blobs/own', 0),
      file('maps/own', 0),
      file('code/old', 2 * DAY_MS),
    ]
    const references = new Map([
      ['keys/old', ['blobs/shared', 'blobs/own', 'maps/own']],
      ['keys/new', ['blobs/shared']],
    ])

    expect(plan({ files, references })).toEqual([
      'keys/old age',
      'blobs/own age',
      'maps/own age',
      'code/old age',
    ])
  })

  test('removes an unnamed blob and a left-over temporary file after an hour', () => {
    const files = [
      file('blobs/young', HOUR_MS - 1),
      file('blobs/old', HOUR_MS + 1),
      file('maps/old', HOUR_MS + 1),
      file('tmp/young', HOUR_MS - 1),
      file('tmp/old', HOUR_MS + 1),
    ]

    expect(plan({ files })).toEqual(['blobs/old orphan', 'maps/old orphan', 'tmp/old stray'])
  })

  test('frees a tenth of the bound, oldest keys and code caches first', () => {
    const files = [
      file('keys/b', 2 * MINUTE_MS),
      file('code/a', 3 * MINUTE_MS),
      file('keys/c', MINUTE_MS),
      file('blobs/b', 0),
    ]
    const references = new Map([['keys/b', ['blobs/b']]])

    expect(plan({ files, references, maxBytes: 3 * 4096 })).toEqual([
      'code/a bytes',
      'keys/b bytes',
      'blobs/b bytes',
    ])
    expect(plan({ files, references, maxBytes: 4 * 4096 })).toEqual([])
  })

  test('keeps the newest entry when it fits into the bound alone', () => {
    const files = [file('code/a', 1, 4096), file('code/b', 0, 8192)]

    expect(plan({ files, maxBytes: 8192 })).toEqual(['code/a bytes'])
  })

  test('gives up young unnamed blobs only when nothing else is left', () => {
    const files = [file('blobs/a', 2), file('blobs/b', 1), file('keys/k', 3)]

    expect(plan({ files, maxBytes: 4096 })).toEqual(['keys/k bytes', 'blobs/a bytes'])
  })

  test('takes files from the future first when the clock was set back, but not for old', () => {
    const files = [file('keys/past', HOUR_MS), file('keys/future', -400 * DAY_MS)]

    expect(plan({ files })).toEqual([])
    expect(plan({ files, maxBytes: 2 * 4096 - 1 })).toEqual(['keys/future bytes'])
  })

  test('ends below the bound, never leaves a key without its blobs, and removes nothing twice', () => {
    const ages = fc.integer({ min: 0, max: 3 * DAY_MS })
    const sizes = fc.integer({ min: 1, max: 5 }).map((blocks) => blocks * 4096)
    const key = fc.record({ age: ages, bytes: sizes, names: fc.uniqueArray(fc.nat(9)) })
    const blob = fc.record({ age: ages, bytes: sizes })
    fc.assert(
      fc.property(
        fc.array(key, { maxLength: 12 }),
        fc.array(blob, { maxLength: 10 }),
        fc.array(blob, { maxLength: 5 }),
        fc.integer({ min: 0, max: 60 }),
        (keys, blobs, codes, blocks) => {
          const files = [
            ...keys.map(({ age, bytes }, at) => file(`keys/${at}`, age, bytes)),
            ...blobs.map(({ age, bytes }, at) => file(`blobs/${at}`, age, bytes)),
            ...codes.map(({ age, bytes }, at) => file(`code/${at}`, age, bytes)),
          ]
          const references = new Map(
            keys.map(({ names }, at) => [`keys/${at}`, names.map((name) => `blobs/${name}`)]),
          )
          const maxBytes = blocks * 4096

          const input = { files, references, now: NOW, maxBytes, maxAgeMs: DAY_MS }
          const removed = planGc(input).map((removal) => removal.file)

          const left = files.filter((each) => !removed.includes(each))
          const leftKeys = new Set(left.map((each) => each.key))
          const broken = left
            .flatMap((each) => references.get(each.key) ?? [])
            .filter((name) => files.some((each) => each.key === name) && !leftKeys.has(name))
          expect(new Set(removed).size).toBe(removed.length)
          expect(left.reduce((sum, each) => sum + each.bytes, 0)).toBeLessThanOrEqual(maxBytes)
          expect(broken).toEqual([])
        },
      ),
    )
  })
})
