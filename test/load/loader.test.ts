import { utimes } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { artifactToBytes } from '../../src/load/artifact-bytes.ts'
import { createFixture } from '../support/fixture.ts'
import { ENTRY, FILES } from './support/project.ts'
import type { Rig } from './support/rig.ts'
import { createRig } from './support/rig.ts'

describe('Loader.artifactSync()', () => {
  test('answers from the disk and from memory', async () => {
    await using fixture = await createFixture(FILES)
    await using first = createRig(fixture.root)
    const { artifact } = await first.loader.artifact(ENTRY)
    await first.loader.settled()
    await using second = createRig(fixture.root)

    const found = [second.loader.artifactSync(ENTRY), second.loader.artifactSync(ENTRY)]

    expect(found.map(({ source }) => source)).toEqual(['disk', 'memory'])
    expect(found[0]?.artifact).toEqual(artifact)
  })

  test('throws SOMON_LOAD_SYNC_MISS that names what has changed', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root)
    const missing = errorOf(() => rig.loader.artifactSync(ENTRY))
    await rig.loader.artifact(ENTRY)
    await fixture.write('src/a.ts', 'export const a = 3\n')

    const changed = errorOf(() => rig.loader.artifactSync(ENTRY))

    expect(missing).toMatchObject({ code: 'SOMON_LOAD_SYNC_MISS' })
    expect(missing).toMatchObject({
      message: expect.stringContaining('no artifact of it is cached'),
    })
    expect(changed).toMatchObject({ message: expect.stringContaining('file "src/a.ts" was') })
  })
})

describe('Loader.map()', () => {
  test('is made when asked for, stored, and found without waiting', async () => {
    await using fixture = await createFixture(FILES)
    await using first = createRig(fixture.root)
    const { artifact } = await first.loader.artifact(ENTRY)
    const before = first.loader.mapSync(artifact.id)

    const map = await first.loader.map(artifact)
    await first.loader.settled()
    await using second = createRig(fixture.root)

    expect(before).toBeUndefined()
    expect(JSON.parse(map ?? '')).toMatchObject({ version: 3 })
    expect(first.loader.mapSync(artifact.id)).toBe(map)
    expect(first.loader.stats().cache.parts.maps).toBe(map?.length)
    expect(second.loader.mapSync(artifact.id)).toBe(map)
  })

  test('is nothing rather than a map of other sources', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root)
    const { artifact } = await rig.loader.artifact(ENTRY)
    await fixture.write('src/a.ts', '\n\nexport const a = 3\n')

    expect(await rig.loader.map(artifact)).toBeUndefined()
    expect(rig.loader.mapSync(artifact.id)).toBeUndefined()
  })

  test('is made by ensureMap() when it is missing, and read by it never', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root)
    const { artifact } = await rig.loader.artifact(ENTRY)
    const before = rig.loader.mapSync(artifact.id)
    await rig.loader.ensureMap(artifact)
    await rig.loader.settled()
    await using later = createRig(fixture.root, { share: rig })
    const read: string[] = []
    later.events.on('cache.hit', ({ key }) => read.push(key))

    await later.loader.ensureMap(artifact)

    expect(before).toBeUndefined()
    expect(read).toEqual([])
    expect(later.loader.mapSync(artifact.id)).toContain('"version"')
    expect(read).toEqual([`maps/${artifact.id}`])
  })

  test('comes with the build while sourceMaps is "eager" and never while it is "none"', async () => {
    await using fixture = await createFixture(FILES)
    await using eager = createRig(fixture.root, { build: { sourceMaps: 'eager' } })
    await using none = createRig(fixture.root, { build: { sourceMaps: 'none' }, mode: 'off' })

    const { artifact } = await eager.loader.artifact(ENTRY)
    await eager.loader.settled()
    await using later = createRig(fixture.root, { build: { sourceMaps: 'eager' } })
    const unmapped = await none.loader.artifact(ENTRY)

    expect(eager.loader.mapSync(artifact.id)).toContain('"version"')
    expect(later.loader.mapSync(artifact.id)).toContain('"version"')
    expect(await none.loader.map(unmapped.artifact)).toBeUndefined()
  })
})

describe('Loader.storeCodeCache()', () => {
  test('hands the bytes to later loads of the same code, in any process', async () => {
    await using fixture = await createFixture(FILES)
    await using first = createRig(fixture.root)
    const { artifact, codeCache } = await first.loader.artifact(ENTRY)

    await first.loader.storeCodeCache(artifact, Buffer.from('compiled'))
    await first.loader.settled()
    const again = await first.loader.artifact(ENTRY)
    await using second = createRig(fixture.root)
    const later = await second.loader.artifact(ENTRY)
    await fixture.write('src/a.ts', 'export const a = 3\n')
    const changed = await second.loader.artifact(ENTRY)

    const texts = [codeCache, again.codeCache, later.codeCache, changed.codeCache].map((bytes) =>
      bytes === undefined ? undefined : Buffer.from(bytes).toString(),
    )
    expect(texts).toEqual([undefined, 'compiled', 'compiled', undefined])
  })
})

describe('Loader.drop()', () => {
  test('forgets entries or everything', async () => {
    await using fixture = await createFixture({ ...FILES, 'src/b.ts': 'export {}' })
    await using rig = createRig(fixture.root)
    await Promise.all([rig.loader.artifact(ENTRY), rig.loader.artifact('src/b.ts')])
    await rig.loader.settled()

    const one = rig.loader.drop([ENTRY, 'src/unknown.ts'])
    const source = (await rig.loader.artifact(ENTRY)).source
    const all = rig.loader.drop()

    expect([one, source, all]).toEqual([1, 'disk', 2])
  })
})

describe('Loader.watchTargets()', () => {
  test('holds what heals an entry that never built', async () => {
    await using fixture = await createFixture({ ...FILES, 'src/main.ts': `import './gone'\n` })
    await using rig = createRig(fixture.root)
    await rig.loader.artifact(ENTRY).catch(() => {})

    const targets = rig.loader.watchTargets()
    const gone = fixture.path('src/gone.ts')
    const changes = new Map([[gone, 'added' as const]])
    const stale = rig.loader.stale({ changes, overflow: false })
    await fixture.write('src/gone.ts', 'export {}')

    expect(targets.absent).toContain(gone)
    expect(targets.files).toContain(fixture.path('src/main.ts'))
    expect([...stale.entries.keys()]).toEqual([ENTRY])
    expect((await rig.loader.artifact(ENTRY)).source).toBe('miss')
  })

  test('lists the inputs of chosen entries only', async () => {
    await using fixture = await createFixture({ ...FILES, 'src/b.ts': 'export {}' })
    await using rig = createRig(fixture.root)
    await Promise.all([rig.loader.artifact(ENTRY), rig.loader.artifact('src/b.ts')])

    const { files, dirs } = rig.loader.watchTargets(['src/b.ts'])

    expect(files).toContain(fixture.path('src/b.ts'))
    expect(files).not.toContain(fixture.path('src/main.ts'))
    expect(dirs).toContain(fixture.path('src'))
  })
})

describe('Loader.stale()', () => {
  test.each([false, true])(
    'lets hot builds see what was added to an inlined package (watched: %s)',
    async (isWatched) => {
      await using fixture = await createFixture({
        ...FILES,
        'src/main.ts': `import { part } from 'pkg/part'\nexport const main = part\n`,
        'node_modules/pkg/package.json': '{"name":"pkg","type":"module"}',
        'node_modules/pkg/part.js': 'export const part = "old"\n',
      })
      await using rig = createRig(fixture.root, { resolve: { inline: ['pkg'] } })
      await rig.loader.artifact(ENTRY, { hot: true })
      if (isWatched) rig.loader.watchTargets()
      const added = await fixture.write('node_modules/pkg/part/index.js', 'export const part = 1\n')
      await fixture.remove('node_modules/pkg/part.js')

      const changes = new Map([[added, 'added' as const]])
      if (isWatched) rig.loader.stale({ changes, overflow: false })
      const { artifact } = await rig.loader.artifact(ENTRY, { fresh: true, hot: true })

      expect(artifact.code).toContain('part = 1')
    },
  )
})

describe('Loader.pin()', () => {
  test('counts a live generation until it ends', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root)
    const { artifact } = await rig.loader.artifact(ENTRY)
    const before = rig.loader.stats().cache.bytes

    const unpin = rig.loader.pin(artifact, undefined)
    const during = rig.loader.stats().cache
    unpin()

    expect(during.parts.pinned).toBe(artifact.code.length + during.parts.estimated)
    expect(during.parts.estimated).toBe(Math.ceil(artifact.code.length * 0.6))
    expect(rig.loader.stats().cache.bytes).toBe(before)
  })
})

describe('Loader.graph()', () => {
  test('shows who imports whom, after a build and after a hit on the disk', async () => {
    await using fixture = await createFixture({
      ...FILES,
      'src/a.ts': `import './main'\nimport 'node:fs'\nexport const a = 1\n`,
    })
    await using first = createRig(fixture.root)
    await first.loader.artifact(ENTRY)
    await first.loader.settled()
    await using second = createRig(fixture.root)
    await second.loader.artifact(ENTRY)

    const [built, found] = [first.loader.graph(), second.loader.graph(ENTRY)]

    expect(found).toEqual(built)
    expect(built.entries).toEqual([ENTRY])
    expect(built.cycles).toEqual([['src/a.ts', 'src/main.ts']])
    expect(built.modules.find(({ path }) => path === 'src/a.ts')).toMatchObject({
      kind: 'source',
      importers: [ENTRY],
    })
    expect(built.modules.find(({ path }) => path.endsWith('fs'))).toMatchObject({ kind: 'builtin' })
  })
})

describe('Loader.explain()', () => {
  test('says who would answer, without changing anything', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root)
    const unknown = await rig.loader.explain(ENTRY)
    const { artifact } = await rig.loader.artifact(ENTRY)
    await rig.loader.settled()
    const known = await rig.loader.explain(ENTRY)
    rig.loader.drop()
    const onDisk = await rig.loader.explain(ENTRY)

    expect([unknown, known, onDisk].map((one) => one.answeredBy)).toEqual([
      'miss',
      'memory',
      'disk',
    ])
    expect(known).toMatchObject({ entry: ENTRY, artifact: artifact.id, because: [] })
    expect(known.resolution.length).toBeGreaterThan(0)
    expect(rig.bundler.stats().builds).toBe(1)
    expect(rig.loader.stats().cache.entries).toBe(0)
  })

  test('writes nothing, not even fresher stats', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root)
    await rig.loader.artifact(ENTRY)
    await rig.loader.settled()
    rig.loader.drop()
    await utimes(fixture.path('src/a.ts'), 1000, 1000)
    const { key, answeredBy } = await rig.loader.explain(ENTRY)
    const explained = rig.disk.getSync(`keys/${key}`)

    await rig.loader.settled()
    const settled = rig.disk.getSync(`keys/${key}`)
    await rig.loader.artifact(ENTRY)
    await rig.loader.settled()

    expect(answeredBy).toBe('disk')
    expect(settled).toEqual(explained)
    expect(rig.disk.getSync(`keys/${key}`)).not.toEqual(explained)
  })

  test('names everything that has changed', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root)
    await rig.loader.artifact(ENTRY)
    await fixture.write('src/a.ts', 'export const a = 3\n')
    await fixture.write('src/main.ts', 'export {}\n')
    await fixture.write('src/a.tsx', 'export const a = 3\n')

    const { answeredBy, because } = await rig.loader.explain(ENTRY)

    expect(answeredBy).toBe('miss')
    expect(because.map(({ kind, subject }) => `${kind} ${subject}`)).toEqual([
      'dir src',
      'file src/a.ts',
      'file src/main.ts',
    ])
  })
})

describe('Loader.entryOf()', () => {
  test('finds an entry by path, URL and importer, also one created after it was missing', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root)
    const missing = errorOf(() => rig.loader.entryOf('./src/late.ts'))
    await fixture.write('src/late.ts', '')

    const found = [
      rig.loader.entryOf('src/main.ts'),
      rig.loader.entryOf(new URL(`file://${fixture.path('src/a.ts')}`)),
      rig.loader.entryOf('./a', fixture.path('src/main.ts')),
      rig.loader.entryOf('./src/late.ts'),
    ]

    expect(missing).toMatchObject({ code: 'SOMON_RESOLVE_NOT_FOUND' })
    expect(found).toEqual(['src/main.ts', 'src/a.ts', 'src/a.ts', 'src/late.ts'])
  })

  test('throws SOMON_LOAD_NOT_AN_ENTRY for what Node loads itself', async () => {
    await using fixture = await createFixture(FILES)
    await using rig = createRig(fixture.root)

    const error = errorOf(() => rig.loader.entryOf('node:fs', fixture.path('src/main.ts')))

    expect(error).toMatchObject({ code: 'SOMON_LOAD_NOT_AN_ENTRY' })
  })
})

describe('Loader.close()', () => {
  test('finishes what is under way, stores it, and refuses what comes later', async () => {
    await using fixture = await createFixture(FILES)
    const rig = createRig(fixture.root)
    const running = rig.loader.artifact(ENTRY)
    await untilBuilding(rig)
    await rig[Symbol.asyncDispose]()

    const refused = await rig.loader.artifact(ENTRY).catch((error: unknown) => error)
    await using later = createRig(fixture.root)

    expect((await running).source).toBe('miss')
    expect(refused).toMatchObject({ code: 'SOMON_LOAD_CLOSED' })
    expect(errorOf(() => rig.loader.artifactSync(ENTRY))).toMatchObject({
      code: 'SOMON_LOAD_CLOSED',
    })
    expect((await later.loader.artifact(ENTRY)).source).toBe('disk')
  })
})

describe('Loader.asset()', () => {
  test('returns the bytes of an asset from memory and from the disk', async () => {
    await using fixture = await createFixture({
      ...FILES,
      'src/main.ts': `import styles from './x.module.css'\nexport default styles\n`,
      'src/x.module.css': '.box { color: red }\n',
    })
    await using first = createRig(fixture.root)
    const { artifact } = await first.loader.artifact(ENTRY)
    await first.loader.settled()
    await using second = createRig(fixture.root)

    const sha256 = artifact.assets[0]?.sha256 ?? ''
    const texts = [first, second].map(({ loader }) =>
      Buffer.from(loader.asset(artifact, sha256) ?? []).toString(),
    )

    expect(artifact.assets).toHaveLength(1)
    expect(texts[0]).toContain('color: red')
    expect(texts[1]).toBe(texts[0])
    expect(artifactToBytes((await second.loader.artifact(ENTRY)).artifact)).toEqual(
      artifactToBytes(artifact),
    )
  })
})

async function untilBuilding({ loader }: Rig): Promise<void> {
  while (loader.stats().building === 0) await new Promise(setImmediate)
}

function errorOf(act: () => unknown): unknown {
  try {
    act()
  } catch (error) {
    return error
  }
  return undefined
}
