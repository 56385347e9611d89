import { describe, expect, test } from 'vitest'
import { digest } from '../../src/base/digest.ts'
import type { Sighting } from '../../src/cache/sighting.ts'
import type { LocalTier, Reading } from '../../src/cache/tier.ts'
import { parseVariants } from '../../src/load/manifest.ts'
import type { StoreRecord } from '../../src/load/store.ts'
import { ArtifactStore } from '../../src/load/store.ts'
import { artifactOf } from './support/artifacts.ts'
import { ModelFs } from './support/model-fs.ts'

const KEY = digest('key')
const MAKER = { v8Tag: 'abc', arch: 'x64' }
const SIGNAL = new AbortController().signal

/** A tier as a map, which remembers the order of writes. */
class RecordingTier implements LocalTier {
  readonly name = 'recording'
  readonly entries = new Map<string, Uint8Array>()
  readonly writes: string[] = []

  getSync(key: string): Uint8Array | undefined {
    return this.entries.get(key)
  }

  hasSync(key: string): boolean {
    return this.entries.has(key)
  }

  readSync(key: string, _seen: Sighting | undefined): Reading | undefined {
    const bytes = this.getSync(key)
    return bytes && { bytes, isTrusted: false, seen: undefined }
  }

  async get(key: string): Promise<Uint8Array | undefined> {
    return this.entries.get(key)
  }

  async set(key: string, bytes: Uint8Array): Promise<void> {
    await new Promise(setImmediate)
    this.writes.push(key)
    this.entries.set(key, bytes)
  }

  async delete(key: string): Promise<void> {
    this.entries.delete(key)
  }

  stats(): ReturnType<LocalTier['stats']> {
    return { entries: 0, bytes: 0, hits: 0, misses: 0, evictions: 0, writeErrors: 0 }
  }

  async close(): Promise<void> {}
}

function createStore(): { store: ArtifactStore; disk: RecordingTier; external: RecordingTier } {
  const disk = new RecordingTier()
  const external = new RecordingTier()
  const store = new ArtifactStore({ disk, external: () => external, maker: MAKER })
  return { store, disk, external }
}

/** A tier that keeps nothing, as a disk cache that is switched off. */
class ClosedTier extends RecordingTier {
  isWritable(): boolean {
    return false
  }
}

function recordOf(code: string): StoreRecord {
  const fs = new ModelFs()
  fs.write('src/main.ts', code, 5000)
  const asset = Buffer.from(`asset of ${code}`)
  const assets = new Map([[digest(asset), asset]])
  const artifact = artifactOf(code, {
    assets: [{ name: 'a.css', sha256: digest(asset), bytes: asset.byteLength }],
  })
  const manifest = fs.manifest(9000, { key: KEY, artifact: artifact.id })
  return { artifact, assets, manifest, metafile: { inputs: {} }, map: `map of ${code}` }
}

describe('ArtifactStore.put()', () => {
  test('writes what a record names before the record, in every tier', async () => {
    const { store, disk, external } = createStore()

    await store.put(recordOf('x'))

    expect(disk.writes.at(-1)).toBe(`keys/${KEY}`)
    expect(disk.writes.map((key) => key.split('/')[0] ?? '').toSorted()).toEqual([
      'blobs',
      'blobs',
      'blobs',
      'keys',
      'maps',
    ])
    expect(external.writes.at(-1)).toBe(`keys/${KEY}`)
    expect(external.writes.filter((key) => key.startsWith('blobs/'))).toHaveLength(3)
  })

  test('keeps maps and stats of this machine out of the external tier', async () => {
    const { store, external } = createStore()

    await store.put(recordOf('x'))

    const bytes = external.entries.get(`keys/${KEY}`) ?? Buffer.alloc(0)
    const [variant] = parseVariants(bytes, KEY) ?? []
    expect(variant?.manifest.files[0]?.slice(3, 6)).toEqual([0, 0, 0])
    expect(variant?.manifest.validatedAt).toBe(0)
    expect([...external.entries.keys()].some((key) => key.startsWith('maps/'))).toBe(false)
  })

  test('loses no state when several are stored at once', async () => {
    const { store } = createStore()
    const codes = ['a', 'b', 'c', 'd']

    await Promise.all(codes.map((code) => store.put(recordOf(code))))

    const stored = store
      .variants(KEY)
      .map((variant) => store.artifact(variant)?.artifact.code ?? '')
    expect(stored.toSorted()).toEqual(codes)
  })
})

describe('ArtifactStore.artifact()', () => {
  test('returns what was put, with its assets', async () => {
    const { store } = createStore()
    const record = recordOf('x')
    await store.put(record)

    const [variant] = store.variants(KEY)

    const stored = variant && store.artifact(variant)
    expect(stored?.artifact).toEqual(record.artifact)
    expect(stored?.assets).toEqual(record.assets)
    expect(variant && store.graph(variant.graph)).toEqual(record.metafile)
    expect(store.map(record.artifact.id)).toBe(record.map)
  })

  test('is nothing when any blob is missing or holds what its name does not say', async () => {
    const { store, disk } = createStore()
    await store.put(recordOf('x'))
    const [variant] = store.variants(KEY)
    const names = [variant?.blob ?? '', recordOf('x').artifact.assets[0]?.sha256 ?? '']
    const found = (): boolean => variant !== undefined && store.artifact(variant) !== undefined
    const before = found()

    const results = names.map((name) => {
      const bytes = disk.entries.get(`blobs/${name}`) ?? Buffer.alloc(0)
      const other = Buffer.from(bytes)
      other[other.length - 1] = (other.at(-1) ?? 0) ^ 1
      disk.entries.set(`blobs/${name}`, other)
      const whenWrong = found()
      disk.entries.delete(`blobs/${name}`)
      const whenMissing = found()
      disk.entries.set(`blobs/${name}`, bytes)
      return [whenWrong, whenMissing]
    })

    expect(before).toBe(true)
    expect(results).toEqual([
      [false, false],
      [false, false],
    ])
  })
})

describe('ArtifactStore.externalRecord()', () => {
  test('returns a whole record or none', async () => {
    const { store, external } = createStore()
    const record = recordOf('x')
    await store.put(record)
    const [variant] = await store.externalVariants(KEY, SIGNAL)

    const whole = variant && (await store.externalRecord(variant, SIGNAL))
    external.entries.delete(`blobs/${variant?.graph ?? ''}`)
    const torn = variant && (await store.externalRecord(variant, SIGNAL))

    expect(whole?.artifact).toEqual(record.artifact)
    expect(whole?.metafile).toEqual(record.metafile)
    expect(torn).toBeUndefined()
  })
})

describe('ArtifactStore.codeCache()', () => {
  test('is found by the V8 that made it only', async () => {
    const { store, disk } = createStore()
    const other = new ArtifactStore({
      disk,
      external: () => undefined,
      maker: { ...MAKER, v8Tag: 'abd' },
    })

    await store.putCodeCache(digest('code'), Buffer.from('bytes'))

    expect(Buffer.from(store.codeCache(digest('code')) ?? []).toString()).toBe('bytes')
    expect(other.codeCache(digest('code'))).toBeUndefined()
    expect(store.codeCache(digest('edoc'))).toBeUndefined()
  })
})

describe('ArtifactStore.put() beside a disk that keeps nothing', () => {
  test('prepares nothing without an external tier', async () => {
    const disk = new ClosedTier()
    const store = new ArtifactStore({ disk, external: () => undefined, maker: MAKER })
    let reads = 0
    const record = recordOf('a')
    const watched = {
      ...record,
      get assets() {
        reads += 1
        return record.assets
      },
    }

    await store.put(watched)

    expect(reads).toBe(0)
    expect(disk.writes).toEqual([])
  })

  test('still writes to the external tier', async () => {
    const external = new RecordingTier()
    const store = new ArtifactStore({
      disk: new ClosedTier(),
      external: () => external,
      maker: MAKER,
    })

    await store.put(recordOf('a'))

    expect(external.writes.some((key) => key.startsWith('keys/'))).toBe(true)
  })

  test('prepares bytes only after the turn in which it was asked', async () => {
    const { store, disk } = createStore()
    let asked = 0
    const record = recordOf('a')
    const watched = {
      ...record,
      get assets() {
        asked += 1
        return record.assets
      },
    }

    const put = store.put(watched)
    await Promise.resolve()

    expect(asked).toBe(0)
    await put
    expect(disk.writes.length).toBeGreaterThan(0)
  })
})
