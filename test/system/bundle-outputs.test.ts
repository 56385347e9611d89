import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { EventHub } from '../../src/base/events.ts'
import { findEsbuildBinary } from '../../src/bundle/esbuild-binary.ts'
import { runNativeBuild } from '../../src/bundle/native-build.ts'
import type { BundleOptions, BundleResult } from '../../src/bundle/output.ts'
import { DEFAULT_OUTDIR, OUTPUT_DEFAULTS } from '../../src/bundle/output-build.ts'
import type { DiskTier } from '../../src/cache/disk.ts'
import { VERSION_FOLDER } from '../../src/cache/disk-layout.ts'
import { HASHED } from '../../src/cache/envelope.ts'
import type { CacheEvents } from '../../src/cache/events.ts'
import { QUICK_CACHE } from '../../src/cli/quick-bundle.ts'
import { readEnvironment } from '../../src/config/env.ts'
import { resolveSettings } from '../../src/config/sources.ts'
import { createSyncFs } from '../../src/load/sync-fs.ts'
import { bundleOutputs } from '../../src/system/bundle-outputs.ts'
import { openDiskCache } from '../../src/system/disk-cache.ts'
import { ModuleSystem } from '../../src/system/module-system.ts'
import { createOutputCache } from '../../src/system/output-cache.ts'
import { outputDefaults } from '../../src/system/output-defaults.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'

const FILES = {
  'package.json': '{"name":"app","type":"module"}',
  'tsconfig.json': '{"extends":"./base.json"}',
  'base.json': '{"compilerOptions":{"paths":{"@lib":["./src/lib.ts"]}}}',
  'src/main.ts':
    "import { lib } from '@lib'\nimport { dep } from 'dep'\nimport './side'\nconsole.log(lib, dep)\n",
  'src/lib.ts': 'export const lib = 1\n',
  'src/other.ts': 'export const lib = 2\n',
  'src/side.js': 'console.log("side js")\n',
  'packages/dep-a/package.json': '{"name":"dep","main":"index.js","sideEffects":false}',
  'packages/dep-a/index.js': 'exports.dep = "a"',
  'packages/dep-b/package.json': '{"name":"dep","main":"index.js"}',
  'packages/dep-b/index.js': 'exports.dep = "b"',
}

/** What may happen to a project between two builds, and whether the second must be made. */
const CHANGES: readonly [what: string, stale: boolean, change: (fixture: Fixture) => unknown][] = [
  ['nothing', false, () => {}],
  ['an input is touched', false, (f) => touch(f, 'src/lib.ts')],
  ['an input is written with the same bytes', false, (f) => f.write('src/lib.ts', FILES['src/lib.ts'])],
  ['a file that is no source appears', false, (f) => f.write('src/notes.md', 'x')],
  ['the outputs are deleted', false, (f) => f.remove('dist')],
  ['an output is changed', false, (f) => f.write('dist/main.js', 'x')],
  ['an input changes', true, (f) => f.write('src/lib.ts', 'export const lib = 3\n')],
  ['a nearer candidate appears', true, (f) => f.write('src/side.ts', 'console.log("side ts")\n')],
  ['a base of tsconfig.json changes', true, (f) => f.write('base.json', FILES['base.json'].replace('lib.ts', 'other.ts'))],
  ['a nearer tsconfig.json appears', true, (f) => f.write('src/tsconfig.json', '{}')],
  ['package.json changes', true, (f) => f.write('package.json', '{"name":"app"}')],
  ['a link leads to another package', true, relink],
  ['a nearer package appears', true, (f) => f.write('src/node_modules/dep/index.js', 'exports.dep = "near"')],
] // prettier-ignore

describe('bundleOutputs()', () => {
  test.each(CHANGES)('when %s: a build is needed: %s', async (_what, stale, change) => {
    await using fixture = await createProject()
    await bundle(fixture)
    await change(fixture)

    const again = await outcome(() => bundle(fixture))

    const fresh = await outcome(() => bundle(fixture, { cache: false, outdir: 'fresh' }))
    expect(again.cached).toBe(stale ? false : again.error === undefined)
    expect(again.error).toBe(fresh.error)
    const made = fresh.error === undefined ? [text(fixture, 'dist/main.js')] : []
    const clean = fresh.error === undefined ? [text(fixture, 'fresh/main.js')] : []
    expect(made).toEqual(clean)
  })

  test('remembers several states, so that going back builds nothing', async () => {
    await using fixture = await createProject()
    await bundle(fixture)
    const first = text(fixture, 'dist/main.js')
    await fixture.write('src/lib.ts', 'export const lib = 3\n')
    await settle(fixture)
    await bundle(fixture)
    await fixture.write('src/lib.ts', FILES['src/lib.ts'])

    const back = await bundle(fixture)

    expect(back.cached).toBe(true)
    expect(text(fixture, 'dist/main.js')).toBe(first)
  })

  test('builds when other options are given', async () => {
    await using fixture = await createProject()
    await bundle(fixture)

    expect((await bundle(fixture, { minify: true })).cached).toBe(false)
    expect((await bundle(fixture, { minify: true })).cached).toBe(true)
  })

  test('builds when a blob of the cache is damaged', async () => {
    await using fixture = await createProject()
    const { outputs } = await bundle(fixture)
    const [name = ''] = outputs.map(({ sha256 }) => sha256)
    await fixture.remove('dist')
    await fixture.write(`node_modules/.cache/somon/v2/blobs/${name.slice(0, 2)}/${name}`, 'torn')

    const again = await bundle(fixture)

    expect(again.cached).toBe(false)
    expect(existsSync(fixture.path('dist/main.js'))).toBe(true)
  })

  test('builds when the import graph is damaged, unless it is not asked for', async () => {
    await using fixture = await createProject()
    const { metafile } = await bundle(fixture)
    const blobs = fixture.path('node_modules/.cache/somon/v2/blobs')
    const graphs = readdirSync(blobs, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => readFileSync(file, 'utf8').includes('bytesInOutput'))
    for (const file of graphs) writeFileSync(file, 'torn')
    expect(graphs).toHaveLength(1)

    const unread = await bundle(fixture, { metafile: false })
    expect(unread.cached).toBe(true)
    expect(() => unread.metafile).toThrow('Cannot read the import graph')
    expect((await bundle(fixture)).cached).toBe(false)
    expect((await bundle(fixture, { metafile: false })).metafile).toEqual(metafile)
  })

  test('reads of the cache only what an unchanged repeat needs', async () => {
    await using fixture = await createProject()
    await bundle(fixture)
    const parts = partsOf(fixture)
    const read: string[] = []
    const cache = createOutputCache({
      ...{ clock: systemClock, validate: 'stat', madeBy: madeBy() },
      disk: watched(diskOf(fixture), read),
      fs: createSyncFs(fixture.root, () => undefined),
    })

    const options = { outdir: 'dist', metafile: false }
    const again = await bundleOutputs(['./src/main.ts'], options, { ...parts, cache })

    expect(again.cached).toBe(true)
    expect(read).toEqual(['hasSync keys', 'getSync keys', 'getSync blobs', 'hasSync blobs'])
  })

  test('names its record as one to be hashed', async () => {
    await using fixture = await createProject()
    await bundle(fixture)

    const keys = fixture.path('node_modules/.cache/somon', VERSION_FOLDER, 'keys')
    const records = readdirSync(keys, { recursive: true, encoding: 'utf8' })

    expect(records.filter((name) => name.endsWith(HASHED))).toHaveLength(1)
  })

  test('hashes after an edit only what was edited', async () => {
    await using fixture = await createProject()
    const hashed: string[] = []
    const fs = createSyncFs(fixture.root, () => undefined)
    // Ahead of the file system: everything written looks settled.
    const clock = { ...systemClock, now: () => Date.now() + 10_000 }
    const cache = createOutputCache({
      ...{ disk: diskOf(fixture), clock, validate: 'stat', madeBy: madeBy() },
      fs: { ...fs, hash: (path) => (hashed.push(path), fs.hash(path)) },
    })
    const build = (): Promise<BundleResult> =>
      bundleOutputs(['./src/main.ts'], { outdir: 'dist' }, { ...partsOf(fixture), clock, cache })
    await build()
    expect(hashed).toContain('src/main.ts')
    await fixture.write('src/lib.ts', 'export const lib = 4\n')
    hashed.length = 0

    expect((await build()).cached).toBe(false)
    const edited = [...hashed]
    hashed.length = 0
    expect((await build()).cached).toBe(true)

    expect(new Set(edited)).toEqual(new Set(['src/lib.ts']))
    expect(hashed).toEqual(['dist/main.js'])
  })

  test('remembers nothing of a build whose inputs change meanwhile', async () => {
    await using fixture = await createProject()
    const parts = partsOf(fixture)
    const engine: typeof parts.engine = async (build) => {
      const built = await parts.engine(build)
      await fixture.write('src/lib.ts', 'export const lib = 9\n')
      return built
    }
    await bundleOutputs(['./src/main.ts'], { outdir: 'dist' }, { ...parts, engine })

    expect((await bundle(fixture)).cached).toBe(false)
    expect(text(fixture, 'dist/main.js')).toContain('9')
  })

  test('hands out the same import graph from the cache', async () => {
    await using fixture = await createProject()
    const built = await bundle(fixture)
    const recalled = await bundle(fixture)

    expect(recalled.cached).toBe(true)
    expect(recalled.metafile).toEqual(built.metafile)
    expect(recalled.outputs).toEqual(built.outputs)
  })
})

describe('ModuleSystem.bundle()', () => {
  test('makes the files of esbuild’s program, byte for byte', async () => {
    await using fixture = await createProject()
    await using system = new ModuleSystem({ root: fixture.root, loading: { packages: 'bundle' } })
    await bundle(fixture, { sourcemap: true, cache: false })

    await system.bundle('./src/main.ts', { outdir: 'ours', sourcemap: true, packages: 'bundle' })

    for (const name of ['main.js', 'main.js.map']) {
      expect(text(fixture, `ours/${name}`)).toBe(text(fixture, `dist/${name}`))
    }
  })

  test('keeps the outputs in memory when no folder is named', async () => {
    await using fixture = await createProject()
    await using system = new ModuleSystem({ root: fixture.root })

    const { outputs } = await system.bundle('./src/main.ts', { packages: 'bundle' })

    expect(Buffer.from(outputs[0]?.contents ?? []).toString()).toContain('console.log(lib')
    expect(existsSync(fixture.path('dist'))).toBe(false)
  })
})

describe('OUTPUT_DEFAULTS', () => {
  test('are those of the settings table, and so is the cache', () => {
    const settings = resolveSettings({
      profile: 'bundle',
      env: { ...readEnvironment(), variables: {} },
    })
    const { mode, maxBytes, maxAgeMs } = settings.cache.disk

    expect(outputDefaults(settings)).toEqual(OUTPUT_DEFAULTS)
    expect(settings.bundle.outdir.endsWith(`/${DEFAULT_OUTDIR}`)).toBe(true)
    expect({ mode, maxBytes, maxAgeMs }).toEqual(QUICK_CACHE)
    expect(settings.cache.disk.validate).toBe('stat')
  })
})

async function createProject(): Promise<Fixture> {
  const fixture = await createFixture({ ...FILES, 'node_modules/.keep': '' })
  symlinkSync('../packages/dep-a', fixture.path('node_modules/dep'))
  await settle(fixture)
  return fixture
}

/**
 * A build does not trust what changed shortly before it started: waits until the file system's
 * clock has left that behind, by its own ticks.
 */
async function settle(fixture: Fixture): Promise<void> {
  const from = Date.now()
  while (Date.now() - from < 40) await fixture.write('tick', '')
  await fixture.remove('tick')
}

function partsOf(fixture: Fixture): Parameters<typeof bundleOutputs>[2] {
  const { root } = fixture
  const binary = findEsbuildBinary()
  if (binary === undefined) throw new Error('esbuild has no program for this machine')
  const disk = diskOf(fixture)
  return {
    ...{ root, clock: systemClock, defaults: OUTPUT_DEFAULTS },
    engine: async (build) => runNativeBuild(binary, build, process.env),
    cache: createOutputCache({
      ...{ disk, clock: systemClock, validate: 'stat', madeBy: madeBy() },
      fs: createSyncFs(root, () => undefined),
    }),
  }
}

function madeBy(): readonly string[] {
  return [findEsbuildBinary()?.version ?? '']
}

function diskOf(fixture: Fixture): DiskTier {
  const dir = fixture.path('node_modules/.cache/somon')
  const options = { ...QUICK_CACHE, dir, secret: undefined }
  return openDiskCache(options, new EventHub<CacheEvents>(), systemClock)
}

/** Notes each call with the space of its key. */
function watched(
  disk: DiskTier,
  calls: string[],
): Pick<DiskTier, 'getSync' | 'hasSync' | 'setAllSync'> {
  const note = (call: string, key: string): void =>
    void calls.push(`${call} ${key.split('/')[0] ?? ''}`)
  return {
    getSync(key) {
      note('getSync', key)
      return disk.getSync(key)
    },
    hasSync(key) {
      note('hasSync', key)
      return disk.hasSync(key)
    },
    setAllSync(entries) {
      for (const key of entries.keys()) note('setAllSync', key)
      disk.setAllSync(entries)
    },
  }
}

function bundle(fixture: Fixture, options: BundleOptions = {}): Promise<BundleResult> {
  return bundleOutputs(['./src/main.ts'], { outdir: 'dist', ...options }, partsOf(fixture))
}

async function outcome(
  run: () => Promise<BundleResult>,
): Promise<{ readonly cached: boolean; readonly error: string | undefined }> {
  try {
    return { cached: (await run()).cached, error: undefined }
  } catch (error) {
    return { cached: false, error: (error as Error).message }
  }
}

function relink(fixture: Fixture): void {
  const link = fixture.path('node_modules/dep')
  expect(readlinkSync(link)).toBe('../packages/dep-a')
  symlinkSync('../packages/dep-b', `${link}-new`)
  unlinkSync(link)
  renameSync(`${link}-new`, link)
}

function touch(fixture: Fixture, file: string): void {
  utimesSync(fixture.path(file), new Date(), new Date())
}

function text(fixture: Fixture, file: string): string {
  return readFileSync(fixture.path(file), 'utf8')
}
