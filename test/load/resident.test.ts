import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EventHub } from '../../src/base/events.ts'
import type { CacheEvents } from '../../src/cache/events.ts'
import type { Resident } from '../../src/load/resident.ts'
import { ResidentArtifacts } from '../../src/load/resident.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { artifactOf } from './support/artifacts.ts'
import { ModelFs } from './support/model-fs.ts'

const LIMITS = { maxEntries: 100, maxBytes: 1_000_000, ttlMs: 0 }
/** The entry itself, and a row for the artifact's input `src/main.ts`. */
const BARE_MANIFEST = 2000 + 160 + 'src/main.ts'.length

function resident(code: string, parts: Partial<Resident> = {}): Resident {
  const artifact = artifactOf(code)
  return {
    artifact,
    assets: new Map(),
    graph: artifact.id,
    manifest: new ModelFs().manifest(0, { artifact: artifact.id }),
    codeCache: undefined,
    map: undefined,
    ...parts,
  }
}

function createResidents(limits = LIMITS): {
  residents: ResidentArtifacts
  hub: EventHub<CacheEvents>
} {
  const hub = new EventHub<CacheEvents>()
  return { residents: new ResidentArtifacts({ limits, events: hub, clock: new FakeClock() }), hub }
}

describe('ResidentArtifacts.stats()', () => {
  test('counts every part exactly', () => {
    const { residents } = createResidents()
    const fs = new ModelFs()
    fs.write('src/a.ts', 'a', 0)
    fs.dirs.set('src', { mtimeMs: 0, names: '' })

    residents.set(
      'k',
      resident('x'.repeat(100), {
        codeCache: Buffer.alloc(70),
        map: 'm'.repeat(30),
        manifest: fs.manifest(0, { absent: ['b'] }),
        assets: new Map([['a', Buffer.alloc(5)]]),
      }),
    )

    const manifests = BARE_MANIFEST + 3 * 160 + 'src/a.ts'.length + 'src'.length + 'b'.length
    const { parts, bytes } = residents.stats()
    expect(parts).toEqual({
      code: 105,
      maps: 30,
      codeCache: 70,
      manifests,
      pinned: 0,
      estimated: 0,
    })
    expect(bytes).toBe(205 + manifests)
  })

  test('counts two bytes a unit when any unit needs them', () => {
    const { residents } = createResidents()

    residents.set('k', resident('é'.repeat(10)))
    const narrow = residents.stats().parts.code
    residents.set('k', resident(`${'é'.repeat(10)}→`))

    expect([narrow, residents.stats().parts.code]).toEqual([10, 22])
  })

  test('counts anew what arrives later', () => {
    const { residents } = createResidents()
    const one = resident('x')
    residents.set('k', one)

    residents.update(one.artifact.id, { map: 'm'.repeat(50), codeCache: Buffer.alloc(20) })

    expect(residents.stats().parts).toMatchObject({ maps: 50, codeCache: 20 })
    expect(residents.stats().bytes).toBe(1 + 50 + 20 + BARE_MANIFEST)
  })
})

describe('ResidentArtifacts.pin()', () => {
  test('counts the code once while the artifact is resident as well', () => {
    const { residents } = createResidents()
    const one = resident('x'.repeat(1000))
    residents.set('k', one)
    const before = residents.stats().bytes

    const unpin = residents.pin(one.artifact, 600)
    const during = residents.stats()
    unpin()
    unpin()

    expect(during.parts).toMatchObject({ code: 0, pinned: 1600, estimated: 0 })
    expect(during.bytes).toBe(before + 600)
    expect(residents.stats().bytes).toBe(before)
  })

  test('estimates bytecode at 0.6 of the code until it is measured', () => {
    const { residents } = createResidents()
    const { artifact } = resident('x'.repeat(1000))

    const unpin = residents.pin(artifact, undefined)
    const guessed = residents.stats().parts
    residents.measured(artifact.id, 250)
    const measured = residents.stats().parts
    unpin()

    expect(guessed).toMatchObject({ pinned: 1600, estimated: 600 })
    expect(measured).toMatchObject({ pinned: 1250, estimated: 0 })
    expect(residents.stats().parts.pinned).toBe(0)
  })

  test('counts the source once and the bytecode for each generation', () => {
    const { residents } = createResidents()
    const { artifact } = resident('x'.repeat(1000))

    const unpins = [residents.pin(artifact, 100), residents.pin(artifact, 100)]
    const both = residents.stats().parts.pinned
    unpins[0]?.()

    expect([both, residents.stats().parts.pinned]).toEqual([1200, 1100])
  })

  test('lets new artifacts bypass memory while pins alone fill it, and says so once', () => {
    const { residents, hub } = createResidents({ ...LIMITS, maxBytes: 1000 })
    const pressures: unknown[] = []
    hub.on('cache.pressure', (payload) => pressures.push(payload))

    residents.pin(artifactOf('x'.repeat(1000)), 600)
    residents.set('k', resident('y'))

    expect(residents.peek('k')).toBeUndefined()
    expect(residents.stats().entries).toBe(0)
    expect(pressures).toEqual([{ pinnedBytes: 1600, maxBytes: 1000 }])
  })
})

describe('ResidentArtifacts', () => {
  test('finds by artifact exactly what is resident', () => {
    const { residents } = createResidents({ ...LIMITS, maxEntries: 1 })
    const [one, two] = [resident('one'), resident('two')]

    residents.set('k1', one)
    const found = residents.byArtifact(one.artifact.id)
    residents.set('k2', two)

    expect(found).toBe(one)
    expect(residents.byArtifact(one.artifact.id)).toBeUndefined()
    expect(residents.byArtifact(two.artifact.id)).toBe(two)
    residents.delete('k2')
    expect(residents.byArtifact(two.artifact.id)).toBeUndefined()
  })

  test('forgets everything and says how much that was', () => {
    const { residents } = createResidents()
    residents.set('k1', resident('one'))
    residents.set('k2', resident('two'))

    expect(residents.clear()).toBe(2)
    expect(residents.stats()).toMatchObject({ entries: 0, bytes: 0 })
  })

  test('holds both bounds and exact sums through random histories', () => {
    const act = fc.record({
      kind: fc.constantFrom('set', 'delete', 'pin', 'unpin', 'map', 'cache', 'configure'),
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      size: fc.integer({ min: 1, max: 3000 }),
    })
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), (acts) => {
        const { residents } = createResidents({ maxEntries: 3, maxBytes: 12_000, ttlMs: 0 })
        const unpins: (() => void)[] = []
        for (const { kind, name, size } of acts) {
          const one = resident(name.repeat(size))
          const held = residents.peek(name)
          if (kind === 'set') residents.set(name, one)
          if (kind === 'delete') residents.delete(name)
          if (kind === 'pin') unpins.push(residents.pin((held ?? one).artifact, undefined))
          if (kind === 'unpin') unpins.pop()?.()
          if (kind === 'map' && held) residents.update(held.artifact.id, { map: 'm'.repeat(size) })
          if (kind === 'cache' && held) {
            residents.update(held.artifact.id, { codeCache: Buffer.alloc(size) })
          }
          if (kind === 'configure') residents.configure({ maxBytes: 6000 + size })

          const { entries, bytes, parts, maxEntries, maxBytes } = residents.stats()
          const { code, maps, codeCache, manifests, pinned } = parts
          expect(entries).toBeLessThanOrEqual(maxEntries)
          expect(bytes).toBe(code + maps + codeCache + manifests + pinned)
          expect(pinned > maxBytes ? entries : Math.max(0, bytes - maxBytes)).toBe(0)
        }
      }),
    )
  })
})
