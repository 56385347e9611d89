import { existsSync } from 'node:fs'
import type { Fixture } from '../../support/fixture.ts'
import { runCli } from '../../support/run-cli.ts'
import { delay, type EffectCase, type EffectCases, systemMaker } from './effect-case.ts'

const SECRETS = [
  'a secret of more than thirty-two bytes',
  'another secret, of the same length',
] as const
const FILES = { 'package.json': '{}', 'main.ts': 'export const value = 1' }
const ON_DISK = { cache: { disk: { mode: 'readwrite', dir: '.cache' } } } as const

/** What the settings `cache.*` do to artifacts that are built and asked for again. */
export const cacheEffects: EffectCases = {
  'cache.maxEntries': resident([0, 0], [1, 1], [1000, 2]),
  'cache.maxBytes': resident([1, 0], ['100MiB', 2]),
  'cache.ttlMs': {
    files: FILES,
    seen: [
      [0, { memory: 1, new: 1 }],
      [5, { memory: 0, new: 2 }],
    ],
    async observe(_value, _fixture, make) {
      await using system = make()
      await system.compile('./main.ts')
      await delay(30)
      await system.compile('./main.ts')
      const { hits, misses } = system.stats().cache
      return { memory: hits.memory, new: misses.new }
    },
  },
  'cache.secret': {
    files: FILES,
    seen: [
      [SECRETS[0], { disk: 1, corrupt: 0 }],
      [SECRETS[1], { disk: 0, corrupt: 1 }],
    ],
    async observe(_value, fixture, make) {
      await using writer = systemMaker(fixture, 'cache.secret', SECRETS[0])(ON_DISK)
      await writer.compile('./main.ts')
      await writer.shutdown()
      await using system = make(ON_DISK)
      let corrupt = 0
      system.on('cache.corrupt', () => {
        corrupt += 1
      })
      await system.compile('./main.ts')
      return { disk: system.stats().cache.hits.disk, corrupt }
    },
  },
  'cache.disk.mode': {
    files: FILES,
    seen: [
      ['off', { dir: false, disk: 0 }],
      ['readonly', { dir: false, disk: 0 }],
      ['readwrite', { dir: true, disk: 1 }],
    ].map(([mode, observed]) => [mode, { ...(observed as object), mode }] as const),
    async observe(value, fixture, make) {
      const where = { cache: { disk: { dir: '.cache' } } }
      for (let round = 0; round < 2; round += 1) {
        await using system = make(where)
        await system.compile('./main.ts')
        const { disk } = system.stats().cache.hits
        if (round === 1) return { dir: existsSync(fixture.path('.cache')), disk, mode: value }
      }
      return undefined
    },
  },
  'cache.disk.dir': {
    files: FILES,
    seen: [
      ['here', [true, false]],
      ['there', [false, true]],
    ],
    async observe(_value, fixture, make) {
      await using system = make({ cache: { disk: { mode: 'readwrite' } } })
      await system.compile('./main.ts')
      await system.shutdown()
      return ['here', 'there'].map((name) => existsSync(fixture.path(name)))
    },
  },
  'cache.disk.maxBytes': {
    files: FILES,
    seen: [
      ['2GiB', false],
      [1, true],
    ],
    async observe(_value, _fixture, make) {
      await using system = make(ON_DISK)
      let evicted = false
      system.on('cache.evicted', ({ tier, because }) => {
        evicted ||= tier === 'disk' && because === 'bytes'
      })
      await system.compile('./main.ts')
      await system.shutdown()
      return evicted
    },
  },
  'cache.disk.maxAgeMs': {
    files: { ...FILES, 'other.ts': 'export const value = 2' },
    seen: [
      ['30d', { collected: false, pruned: 0 }],
      [1, { collected: true, pruned: 1 }],
    ],
    async observe(value, fixture, make) {
      const disk = { mode: 'readwrite', dir: '.cache' } as const
      await compileOnDisk(fixture)
      await delay(20)
      const run = await runCli(['cache', 'prune', '--dry-run', '--json'], {
        cwd: fixture.root,
        env: { SOMON_CACHE_DIR: '.cache', SOMON_CACHE_DISK_MAX_AGE_MS: String(value) },
      })
      const { removed } = run.json().result as { removed: number }
      await using system = make({ cache: { disk: { ...disk, maxBytes: 1 } } })
      let collected = false
      system.on('cache.evicted', ({ because }) => {
        collected ||= because === 'age'
      })
      await system.compile('./other.ts')
      await system.shutdown()
      return { collected, pruned: Math.min(removed, 1) }
    },
  },
  'cache.disk.validate': {
    files: FILES,
    seen: [
      ['never', 1],
      ['stat', 2],
    ],
    async observe(_value, fixture, make) {
      await using writer = make(ON_DISK)
      await writer.compile('./main.ts')
      await writer.shutdown()
      await fixture.write('main.ts', 'export const value = 2')
      await using system = make(ON_DISK)
      return (await system.load<{ value: number }>('./main.ts')).exports.value
    },
  },
}

function resident(...seen: EffectCase['seen']): EffectCase {
  return {
    files: { 'a.ts': 'export const value = 1', 'b.ts': 'export const value = 2' },
    seen,
    async observe(_value, _fixture, make) {
      await using system = make()
      await system.compile('./a.ts')
      await system.compile('./b.ts')
      return system.stats().cache.entries
    },
  }
}

async function compileOnDisk(fixture: Fixture): Promise<void> {
  await using writer = systemMaker(fixture, 'cache.disk.dir', '.cache')(ON_DISK)
  await writer.compile('./main.ts')
}
