import { describe, expect, test } from 'vitest'
import type { RememberedList } from '../../src/resolve/package-lists.ts'
import { PackageMemory } from '../../src/system/package-memory.ts'
import { FakeClock } from '../support/fake-clock.ts'

const LIST: RememberedList = {
  ...{ mtimeMs: 12.25, ctimeMs: 13.5, ino: 7 },
  links: ['local'],
  scopes: ['@s'],
}

/** A disk of which only a map is left, and memories over it. */
function scene() {
  const files = new Map<string, Uint8Array>()
  const stats = { hits: 1 }
  const clock = new FakeClock(1_000)
  const disk = {
    getSync: (key: string) => files.get(key),
    setAllSync: (entries: ReadonlyMap<string, Uint8Array>) => {
      for (const [key, bytes] of entries) files.set(key, bytes)
    },
    stats: () => ({ ...stats, ...NO_STATS }),
  }
  const open = (over: { root?: string; boot?: string | undefined; at?: number } = {}) =>
    new PackageMemory({
      root: over.root ?? '/project',
      clock: over.at === undefined ? clock : new FakeClock(over.at),
      disk,
      bootId: () => ('boot' in over ? over.boot : 'this start'),
    })
  return { files, stats, clock, open }
}

const NO_STATS = { misses: 0, evictions: 0, writeErrors: 0, entries: 0, bytes: 0 }

function saved(s: ReturnType<typeof scene>): void {
  const memory = s.open()
  memory.recall('/project/node_modules')
  memory.remember('/project/node_modules', LIST)
  memory.close()
}

describe('PackageMemory', () => {
  test('recalls what an earlier one has remembered', () => {
    const s = scene()
    saved(s)

    const recalled = s.open().recall('/project/node_modules')

    expect(recalled).toEqual(LIST)
  })

  test('saves by itself some time after the last start of a file', async () => {
    const s = scene()
    const memory = s.open()
    memory.recall('/project/node_modules')
    memory.remember('/project/node_modules', LIST)

    const early = s.files.size
    await s.clock.advance(2_000)

    expect([early, s.files.size]).toEqual([0, 1])
  })

  test('leaves a first start without writing', () => {
    const s = scene()
    s.stats.hits = 0

    saved(s)

    expect(s.files.size).toBe(0)
  })

  test('writes nothing when nothing is new', () => {
    const s = scene()
    saved(s)
    s.files.delete([...s.files.keys()][0] ?? '')
    const memory = s.open()
    memory.recall('/project/node_modules')

    memory.close()

    expect(s.files.size).toBe(0)
  })

  test.for([
    ['after another start of the machine', { boot: 'another start' }],
    ['where starts of the machine have no name', { boot: undefined }],
    ['of a later time', { at: 999 }],
    ['for another project', { root: '/other' }],
  ] as const)('recalls nothing %s', ([, over]) => {
    const s = scene()
    saved(s)

    const recalled = s.open(over).recall('/project/node_modules')

    expect(recalled).toBeUndefined()
  })

  test.for([
    ['is no JSON', () => '{'],
    ['is null', () => 'null'],
    ['has another format', (text: string) => text.replace('"format":1', '"format":2')],
    ['holds a row of other cells', (text: string) => text.replace('["local"]', '"local"')],
    ['holds a link that is no text', (text: string) => text.replace('"local"', '1')],
    ['holds a shorter row', (text: string) => text.replace(',["@s"]', '')],
  ] as const)('recalls nothing from a file that %s', ([, change]) => {
    const s = scene()
    saved(s)
    for (const [key, bytes] of s.files) {
      const text = Buffer.from(bytes).toString()
      expect(change(text)).not.toBe(text)
      s.files.set(key, Buffer.from(change(text)))
    }

    const recalled = s.open().recall('/project/node_modules')

    expect(recalled).toBeUndefined()
  })
})
