import { spawn } from 'node:child_process'
import { cp, mkdir, open, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { artifactToBytes } from '../../src/load/artifact-bytes.ts'
import { parseVariants, serialiseVariants, type SeenFile } from '../../src/load/manifest.ts'
import { createFixture } from '../support/fixture.ts'
import type { Fixture } from '../support/fixture.ts'
import { createRig } from './support/rig.ts'
import { ENTRY, FILES } from './support/project.ts'
import type { Rig } from './support/rig.ts'

async function cacheFiles(dir: string): Promise<string[]> {
  const entries = await readdir(join(dir, 'v2'), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.length >= 64)
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
}

/** Builds, maps and stores a code cache, so that every kind of file is there. */
async function fill(rig: Rig): Promise<void> {
  const { artifact } = await rig.loader.artifact(ENTRY)
  await rig.loader.map(artifact)
  await rig.loader.storeCodeCache(artifact, Buffer.from('code cache'))
  await rig.loader.settled()
}

describe('a damaged cache file', () => {
  test('is a miss, never wrong code: every kind of file, any byte, any truncation', async () => {
    await using fixture = await createFixture(FILES)
    await using first = createRig(fixture.root)
    await fill(first)
    const { artifact } = await first.loader.artifact(ENTRY)
    const map = first.loader.mapSync(artifact.id)
    const files = await cacheFiles(first.disk.dir)
    const originals = await Promise.all(files.map((file) => readFile(file)))
    const damage = fc.record({
      index: fc.nat(files.length - 1),
      at: fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }),
      bit: fc.nat(7),
      isCut: fc.boolean(),
    })

    expect(files).toHaveLength(5)
    await fc.assert(
      fc.asyncProperty(damage, async ({ index, at, bit, isCut }) => {
        const [file = '', bytes = Buffer.alloc(0)] = [files[index], originals[index]]
        const place = Math.floor(at * bytes.byteLength)
        const damaged = Buffer.from(isCut ? bytes.subarray(0, place) : bytes)
        if (!isCut) damaged[place] = (damaged[place] ?? 0) ^ (1 << bit)
        await writeFile(file, damaged)

        await using rig = createRig(fixture.root, { share: first })
        const sync = attempt(() => rig.loader.artifactSync(ENTRY))
        const found = await rig.loader.artifact(ENTRY)

        expect(found.artifact).toEqual(artifact)
        expect(sync?.artifact ?? artifact).toEqual(artifact)
        expect([undefined, 'code cache']).toContain(textOf(found.codeCache))
        expect([undefined, map]).toContain(rig.loader.mapSync(artifact.id))
        await rig.loader.settled()
        await rig.disk.close()
        await Promise.all(files.map((path, number) => restore(path, originals[number])))
      }),
      { numRuns: 80 },
    )
  })

  test('is a miss although it was trusted before: a byte flipped in place, times put back', async () => {
    await using fixture = await createFixture(FILES)
    // Ahead of the file system, everything written looks long settled.
    const clock = { ...systemClock, now: () => Date.now() + 10_000 }
    await using first = createRig(fixture.root, { clock })
    await fill(first)
    const { artifact } = await first.loader.artifact(ENTRY)
    const files = (await cacheFiles(first.disk.dir)).filter((file) => !file.includes('/maps/'))
    const originals = await Promise.all(files.map((file) => readFile(file)))
    const restoreAll = (): Promise<unknown> =>
      Promise.all(files.map((file, index) => restore(file, originals[index])))
    const found: string[] = []

    for (const [index, file] of files.entries()) {
      for (const share of [0, 0.2, 0.5, 0.8, 0.999]) {
        await restoreAll()
        first.loader.settle(artifact)
        await first.loader.settled()
        const trusted = await trustedNow(first)
        await Promise.all(files.map((path) => untilTicked(path)))
        await flip(file, Math.floor(share * (originals[index]?.byteLength ?? 0)))
        await using rig = createRig(fixture.root, { share: first, clock })
        const loaded = await rig.loader.artifact(ENTRY)
        await rig.loader.settled()
        const code = textOf(loaded.codeCache) ?? 'none'
        const isRight = loaded.artifact.code === artifact.code
        found.push(`${spaceOf(file)}: ${trusted} trusted, ${isRight}, ${loaded.source}, ${code}`)
      }
    }

    expect([...new Set(found)].toSorted()).toEqual([
      'blobs: 2 trusted, true, disk, code cache',
      'blobs: 2 trusted, true, miss, none',
      'code: 2 trusted, true, disk, none',
      'keys: 2 trusted, true, miss, none',
    ])
  })

  test('that a stat cannot tell from a whole one is found by hash', async () => {
    await using fixture = await createFixture(FILES)
    const clock = { ...systemClock, now: () => Date.now() + 10_000 }
    await using first = createRig(fixture.root, { clock })
    await fill(first)
    const { artifact } = await first.loader.artifact(ENTRY)
    first.loader.settle(artifact)
    await first.loader.settled()
    const code = (await cacheFiles(first.disk.dir)).find((file) => file.includes('/code/')) ?? ''
    await flip(code, (await stat(code)).size - 1)
    await claimSeen(first, code)

    const found: unknown[] = []
    for (const validate of ['stat', 'hash'] as const) {
      await using rig = createRig(fixture.root, { share: first, clock, settings: { validate } })
      found.push(textOf((await rig.loader.artifact(ENTRY)).codeCache))
    }

    expect(found).toEqual(['code cachd', undefined])
  })

  test('is not taken for another when two files change places', async () => {
    await using fixture = await createFixture({ ...FILES, 'src/b.ts': 'export const b = 2\n' })
    await using first = createRig(fixture.root)
    await first.loader.artifact(ENTRY)
    await first.loader.artifact('src/b.ts')
    await first.loader.settled()
    const keys = (await cacheFiles(first.disk.dir)).filter((file) => file.includes('/keys/'))
    const [one = '', other = ''] = keys
    const bytes = await readFile(one)
    await writeFile(one, await readFile(other))
    await writeFile(other, bytes)

    await using second = createRig(fixture.root, { share: first })
    const found = await second.loader.artifact(ENTRY)

    expect(keys).toHaveLength(2)
    expect(found.source).toBe('miss')
    expect(found.artifact.entry).toBe(ENTRY)
  })
})

describe('a cache that goes away', () => {
  test('is built anew after rm -rf, while loads go on', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root, { settings: { maxEntries: 0 } })
    await fill(rig)

    for (let round = 0; round < 5; round += 1) {
      const removed = rm(rig.disk.dir, { recursive: true, force: true, maxRetries: 20 })
      await fixture.write('src/a.ts', `export const a = ${round}\n`)
      const { artifact } = await rig.loader.artifact(ENTRY)
      expect(artifact.code).toContain(`a = ${round}`)
      await removed
      await rig.loader.settled()
    }
    await rm(rig.disk.dir, { recursive: true, force: true })
    await rig.loader.artifact(ENTRY)
    await rig.loader.settled()

    await using later = createRig(fixture.root)
    expect((await later.loader.artifact(ENTRY)).source).toBe('disk')
  })

  test('never fails a load when it cannot be written, and says so once', async () => {
    await using fixture = await createFixture({ ...FILES, cache: 'a file, not a folder' })
    await using rig = createRig(fixture.root, { cacheDir: fixture.path('cache') })
    const told: string[] = []
    rig.events.on('cache.readonly', ({ tier }) => told.push(tier))

    const sources: string[] = []
    for (const n of [1, 2, 3]) {
      await fixture.write('src/a.ts', `export const a = ${n}\n`)
      sources.push((await rig.loader.artifact(ENTRY)).source)
      await rig.loader.settled()
    }

    expect(sources).toEqual(['miss', 'miss', 'miss'])
    expect(told).toEqual(['disk'])
  })

  test('changes nothing while it is read-only, and still answers', async () => {
    await using fixture = await createFixture(FILES)
    await using writer = createRig(fixture.root)
    await fill(writer)
    const files = await cacheFiles(writer.disk.dir)
    const before = await Promise.all(files.map((file) => readFile(file, 'latin1')))
    await utimes(fixture.path('src/a.ts'), 1000, 1000)

    await using reader = createRig(fixture.root, { mode: 'readonly', share: writer })
    const hit = await reader.loader.artifact(ENTRY)
    await fixture.write('src/a.ts', 'export const a = 2\n')
    const miss = await reader.loader.artifact(ENTRY)
    await reader.loader.settled()

    expect([hit.source, miss.source]).toEqual(['disk', 'miss'])
    expect(await cacheFiles(writer.disk.dir)).toEqual(files)
    expect(await Promise.all(files.map((file) => readFile(file, 'latin1')))).toEqual(before)
  })
})

describe('a project at another path', () => {
  test('hits after hashing, with byte-identical artifacts', async () => {
    await using fixture = await createFixture(prefixed('one', FILES))
    await using original = createRig(fixture.path('one'))
    await fill(original)
    await cp(fixture.path('one'), fixture.path('elsewhere/two'), { recursive: true })

    await using copy = createRig(fixture.path('elsewhere/two'))
    const found = await copy.loader.artifact(ENTRY)
    await copy.loader.settled()
    copy.loader.drop()
    const again = await copy.loader.artifact(ENTRY)
    const built = (await original.loader.artifact(ENTRY)).artifact

    expect([found.source, again.source]).toEqual(['disk', 'disk'])
    expect(artifactToBytes(found.artifact).equals(artifactToBytes(built))).toBe(true)
    expect(copy.bundler.stats().builds).toBe(0)
  })

  test('leaves no absolute path in any file', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root)
    await fill(rig)

    const files = await cacheFiles(rig.disk.dir)
    const texts = await Promise.all(files.map((file) => readFile(file, 'latin1')))

    expect(texts.filter((text) => text.includes(fixture.root))).toEqual([])
  })
})

describe('several processes on one cache', () => {
  test('agree on every artifact while they build and edit at once', async () => {
    await using fixture = await createFixture({
      ...FILES,
      'src/b.ts': 'export const b = 2\n',
      'src/c.ts': `import './a'\nimport './b'\nexport const c = 3\n`,
    })

    const [one, two] = await Promise.all([runChild(fixture), runChild(fixture)])
    const warm = await runChild(fixture)

    expect(one.ids).toEqual(two.ids)
    expect(warm.ids).toEqual(one.ids)
    expect(new Set(warm.sources)).toEqual(new Set(['disk']))
    expect(warm.servicePid).toBeNull()
  }, 60_000)
})

interface ChildReport {
  readonly ids: readonly string[]
  readonly sources: readonly string[]
  readonly servicePid: number | null
}

async function runChild(fixture: Fixture): Promise<ChildReport> {
  const script = join(import.meta.dirname, 'support/child.ts')
  const child = spawn(process.execPath, ['--conditions=somon-source', script, fixture.root], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const chunks: Buffer[] = []
  for await (const chunk of child.stdout) chunks.push(chunk)
  return JSON.parse(Buffer.concat(chunks).toString()) as ChildReport
}

/** How many files the newest record lets a start trust. */
async function trustedNow({ loader, disk }: Rig): Promise<number> {
  const { key } = await loader.explain(ENTRY)
  const record = disk.getSync(`keys/${key}`) ?? Buffer.alloc(0)
  return parseVariants(record, key)?.[0]?.seen.length ?? 0
}

/** Writes into the record that a file was seen as it is now. */
async function claimSeen({ loader, disk }: Rig, file: string): Promise<void> {
  const { key } = await loader.explain(ENTRY)
  const { size, mtimeMs, ctimeMs, ino } = await stat(file)
  const variants = parseVariants(disk.getSync(`keys/${key}`) ?? Buffer.alloc(0), key) ?? []
  const [variant] = variants
  if (variant === undefined) throw new Error('Cannot claim anything: there is no record')
  const seen = variant.seen.map(([name, sighting]): SeenFile => {
    const isIt = name.startsWith('code/')
    return [name, isIt ? Object.assign(sighting, { size, mtimeMs, ctimeMs, ino }) : sighting]
  })
  await disk.set(`keys/${key}`, serialiseVariants([{ ...variant, seen }]))
}

/** A write in the same tick of the kernel's clock bears the same ctime: no tick takes 20 ms. */
async function untilTicked(file: string): Promise<void> {
  const { ctimeMs } = await stat(file)
  while (Date.now() < ctimeMs + 20) await new Promise(setImmediate)
}

async function flip(file: string, at: number): Promise<void> {
  const { atimeMs, mtimeMs } = await stat(file)
  await using handle = await open(file, 'r+')
  const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at)
  buffer[0] = (buffer[0] ?? 0) ^ 1
  await handle.write(buffer, 0, 1, at)
  await handle.utimes(atimeMs / 1000, mtimeMs / 1000)
}

function spaceOf(file: string): string {
  return /v2.(\w+)/.exec(file)?.[1] ?? ''
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch {
    return undefined
  }
}

function textOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString()
}

async function restore(file: string, bytes: Uint8Array | undefined): Promise<void> {
  await mkdir(join(file, '..'), { recursive: true })
  await writeFile(file, bytes ?? '')
}

function prefixed(folder: string, files: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files).map(([file, text]) => [`${folder}/${file}`, text]),
  )
}
