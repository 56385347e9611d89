import { chownSync, closeSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { expect, vi } from 'vitest'
import { SomonError } from '../../../src/base/error.ts'
import type { FusedPlugin } from '../../../src/bundle/plugin.ts'
import type { SettingsInput } from '../../../src/config/input.ts'
import type { SystemEvents } from '../../../src/system/events.ts'
import type { ModuleSystem } from '../../../src/system/module-system.ts'
import type { Fixture } from '../../support/fixture.ts'
import { guardScenarios } from './guard-scenarios.ts'
import { delay, systemMaker } from './effect-case.ts'
import { collectGarbage } from './watch-effects.ts'

/** How one event comes about in a real system, and what it then says. */
export interface EventScenario<Payload> {
  readonly options?: SettingsInput | ((fixture: Fixture) => SettingsInput)
  run(system: ModuleSystem, fixture: Fixture): Promise<unknown>
  /** Complete: a member that is missing or new fails. */
  readonly payload: { readonly [Key in keyof Payload]: unknown }
}

const number: unknown = expect.any(Number)
const text: unknown = expect.any(String)
const digest: unknown = expect.stringMatching(/^[0-9a-f]{64}$/)
const error: unknown = expect.any(SomonError)

const MAIN = 'main.ts'
const generation = { module: MAIN, number: 1 }
const onDisk = { cache: { disk: { mode: 'readwrite', dir: '.cache' } } } as const

const good = (value: number): string => `export const value = ${value}`
const BAD = 'export const value = ('

export const eventScenarios: {
  readonly [Name in keyof SystemEvents]: EventScenario<SystemEvents[Name]>
} = {
  ...guardScenarios,
  'bundle.finished': {
    run: compile,
    payload: {
      ...{ entry: MAIN, purpose: 'artifact', durationMs: number },
      ...{ bytes: number, inputs: 1, warnings: 0 },
    },
  },
  'bundle.failed': {
    run: brokenLoad,
    payload: { entry: MAIN, purpose: 'artifact', durationMs: number, error },
  },
  'bundle.service-recycled': {
    options: { bundle: { serviceMaxRssBytes: '64MiB' } },
    async run(system, fixture) {
      await fixture.write('unused.ts', `export const text = '${'x'.repeat(16 * 2 ** 20)}'`)
      await fixture.write(MAIN, "import './unused.ts'")
      await compile(system)
    },
    payload: { reason: 'memory', rssBytes: number, builds: number },
  },
  'plugin.failed': {
    options: { plugins: [{ name: 'faulty', cacheKey: '1', somon: { built: fail } }] },
    run: compile,
    payload: { plugin: 'faulty', hook: 'built', error },
  },
  'plugin.uncacheable': {
    options: { plugins: [{ name: 'keyless', transform: () => null }] },
    run: compile,
    payload: { plugin: 'keyless' },
  },
  'cache.hit': {
    async run(system) {
      await compile(system)
      await compile(system)
    },
    payload: { tier: 'memory', key: digest, bytes: number },
  },
  'cache.miss': { run: compile, payload: { tier: 'memory', key: digest } },
  'cache.evicted': {
    options: { cache: { maxEntries: 1 } },
    async run(system, fixture) {
      await compile(system)
      await fixture.write('other.ts', good(2))
      await system.compile('./other.ts')
    },
    payload: { tier: 'memory', key: digest, bytes: number, because: 'entries' },
  },
  'cache.pressure': {
    options: { cache: { maxBytes: 1 } },
    run: load,
    payload: { pinnedBytes: number, maxBytes: 1 },
  },
  'cache.readonly': {
    options: { cache: { disk: { mode: 'readwrite', dir: 'main.ts/cache' } } },
    async run(system) {
      await compile(system)
      await system.shutdown()
    },
    payload: { tier: 'disk', dir: text, because: 'ENOTDIR', retryAfterMs: number },
  },
  'cache.corrupt': {
    options: { cache: { ...onDisk.cache, secret: 'one secret of more than thirty-two bytes' } },
    async run(system, fixture) {
      const other = 'other secret of more than thirty-two bytes'
      await using writer = systemMaker(fixture, 'cache.secret', other)(onDisk)
      await compile(writer)
      await writer.shutdown()
      await compile(system)
    },
    payload: { tier: 'disk', key: expect.stringMatching(/^keys\//), file: text },
  },
  'evaluate.finished': {
    run: load,
    payload: {
      ...{ ...generation, artifact: digest, durationMs: number },
      ...{ codeCache: 'none', topLevelAwait: false },
    },
  },
  'evaluate.failed': {
    async run(system, fixture) {
      await fixture.write(MAIN, "throw new Error('no')")
      await load(system).catch(() => {})
    },
    payload: { ...generation, artifact: digest, stage: 'execute', error },
  },
  'generation.retired': {
    run: reload,
    payload: { ...generation, drained: true, swept: {}, left: {}, errors: [] },
  },
  'generation.collected': {
    async run(system, fixture) {
      await reload(system, fixture)
      for (let round = 0; round < 50 && system.stats().modules.retired > 0; round += 1) {
        collectGarbage()
        await delay(5)
      }
    },
    payload: { ...generation, afterMs: number },
  },
  'generation.leaked': {
    options: { loading: { leakWarnMs: 1 } },
    async run(system, fixture) {
      await fixture.write(MAIN, 'export const keep = () => 1')
      const module = await system.load<{ keep: () => number }>('./main.ts')
      const { keep } = module.exports
      await fixture.write(MAIN, good(2))
      await module.reload()
      for (let round = 0; round < 50 && system.stats().modules.leaked === 0; round += 1) {
        collectGarbage()
        await delay(5)
      }
      keep()
    },
    payload: { ...generation, ageMs: number, ledger: {} },
  },
  'artifact.started': { run: compile, payload: { entry: MAIN, key: digest } },
  'artifact.finished': {
    run: compile,
    payload: {
      ...{ entry: MAIN, artifact: digest, source: 'miss', durationMs: number },
      uncacheable: undefined,
    },
  },
  'artifact.failed': { run: brokenLoad, payload: { entry: MAIN, error, durationMs: number } },
  'artifact.store-failed': {
    options: (fixture) => ({ ...onDisk, plugins: [foreignCache(fixture.path('.cache'))] }),
    async run(system) {
      const { getuid } = process
      await compile(system)
      await system.shutdown()
      Object.assign(process, { getuid })
    },
    payload: { subject: MAIN, error },
  },
  'load.started': { run: load, payload: { entry: MAIN } },
  'load.finished': { run: load, payload: { entry: MAIN, source: 'miss', durationMs: number } },
  'load.failed': { run: brokenLoad, payload: { entry: MAIN, error, durationMs: number } },
  'module.loaded': {
    run: load,
    payload: { module: MAIN, generation: 1, durationMs: number },
  },
  'module.reloaded': {
    run: reload,
    payload: { module: MAIN, from: 1, to: 2, order: 'overlapping', durationMs: number },
  },
  'module.unchanged': {
    run: (system, fixture) => reload(system, fixture, `${good(1)} // a comment`),
    payload: { module: MAIN, generation: 1 },
  },
  'module.reload-failed': {
    run: (system, fixture) => reload(system, fixture, BAD),
    payload: { module: MAIN, generation: 1, stage: 'build', error },
  },
  'module.healed': {
    async run(system, fixture) {
      await reload(system, fixture, BAD)
      await reload(system, fixture)
    },
    payload: { module: MAIN, generation: 2 },
  },
  'module.disposed': {
    async run(system) {
      await load(system)
      await system.shutdown()
    },
    payload: { module: MAIN, generation: 1 },
  },
  'resolve.failed': {
    run: (system) => system.load('no-such-package').catch(() => {}),
    payload: {
      ...{ specifier: 'no-such-package', importer: text },
      ...{ kind: 'entry', class: 'missing', reason: text },
    },
  },
  'watch.changed': {
    async run(system, fixture) {
      await load(system)
      const session = await system.watch()
      const report = Promise.withResolvers<unknown>()
      session.on('report', report.resolve)
      await fixture.write(MAIN, good(2))
      await report.promise
    },
    payload: { changes: expect.any(Map), overflow: false },
  },
  'watch.failed': {
    options: { loading: { watch: true } },
    async run(system) {
      // As when the packages of a running program are removed or replaced.
      vi.resetModules()
      vi.doMock('chokidar', () => {
        throw new Error('chokidar is gone')
      })
      const { promise, resolve } = Promise.withResolvers<unknown>()
      system.on('watch.failed', resolve)
      await load(system)
      await promise
      vi.doUnmock('chokidar')
      vi.resetModules()
    },
    payload: { reason: text, error: expect.any(Error) },
  },
  'watch.overflow': {
    async run(system, fixture) {
      await load(system)
      await system.watch()
      const { promise, resolve } = Promise.withResolvers<unknown>()
      system.on('watch.overflow', resolve)
      // The loop does not turn meanwhile, so the kernel's queue of 16,384 events overflows.
      const file = openSync(fixture.path(MAIN), 'a')
      const other = openSync(fixture.path('package.json'), 'a')
      for (let count = 0; count < 8_500; count += 1) {
        writeSync(file, ' ')
        writeSync(other, ' ')
      }
      closeSync(file)
      closeSync(other)
      await promise
    },
    payload: { reason: text, folder: undefined },
  },
}

async function compile(system: ModuleSystem): Promise<void> {
  await system.compile('./main.ts')
}

async function load(system: ModuleSystem): Promise<void> {
  await system.load('./main.ts')
}

async function brokenLoad(system: ModuleSystem, fixture: Fixture): Promise<void> {
  await fixture.write(MAIN, BAD)
  await load(system).catch(() => {})
}

async function reload(system: ModuleSystem, fixture: Fixture, code = good(2)): Promise<void> {
  const module = await system.load('./main.ts')
  await fixture.write(MAIN, code)
  const report = await module.reload()
  if ('retired' in report) await report.retired
}

function fail(): never {
  throw new Error('no')
}

/**
 * Makes the cache folder during the build, as another user's: by its owner where the test runs
 * as root, else by taking this process for another user's.
 */
function foreignCache(dir: string): FusedPlugin {
  return {
    name: 'foreign',
    cacheKey: '1',
    transform() {
      mkdirSync(dir)
      if (process.getuid?.() === 0) chownSync(dir, 54_321, 54_321)
      else Object.assign(process, { getuid: () => 54_321 })
      return null
    },
  }
}
