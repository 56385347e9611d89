/** Systems, modules and sessions ended, overtaken and multiplied at the worst moments. */
import { once } from 'node:events'
import { mkdir, rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { WatchReport, WatchSession } from '../../src/module/watch-session.ts'
import { ModuleSystem } from '../../src/system/module-system.ts'
import { createFixture } from '../support/fixture.ts'

const CLOSED = { code: 'SOMON_MODULE_CLOSED' }

describe('ModuleSystem.shutdown()', () => {
  /**
   * Symptom: a load under way fulfilled after the shutdown, with a module nobody would end. Cause:
   * the registry disposed of live modules only. Fix: closing aborts openings and waits for them.
   */
  test('fails a load whose module still evaluates, and ends what it started', async () => {
    const key = `somonTest${process.hrtime.bigint()}`
    await using fixture = await createFixture({
      'main.ts': `const beat = setInterval(() => { globalThis.${key} += 1 }, 1)
        globalThis.${key} = 0
        process.emit('${key}')
        await new Promise(() => {})`,
    })
    const system = new ModuleSystem({ root: fixture.root })
    const evaluating = once(process, key)
    const failure = failureOf(system.load('./main.ts'))
    await evaluating

    const report = await system.shutdown()

    expect(await failure).toMatchObject(CLOSED)
    expect(report.failures).toEqual([])
    expect(system.stats().modules.live).toBe(0)
    const beats = Reflect.get(globalThis, key) as number
    await delay(20)
    expect(Reflect.get(globalThis, key)).toBe(beats)
  })

  test('fails a load whose build is under way', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
    const building = Promise.withResolvers<void>()
    const release = Promise.withResolvers<null>()
    const load = (): Promise<null> => {
      building.resolve()
      return release.promise
    }
    const plugin = { name: 'slow', cacheKey: '1', load }
    const system = new ModuleSystem({ root: fixture.root, plugins: [plugin] })
    const failure = failureOf(system.load('./main.ts'))
    await building.promise

    const ended = system.shutdown()
    release.resolve(null)

    expect(await failure).toMatchObject(CLOSED)
    expect((await ended).failures).toEqual([])
  })

  test('is followed by a coded refusal of everything', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
    const system = new ModuleSystem({ root: fixture.root })
    const module = await system.load('./main.ts')
    await system.shutdown()

    await expect(system.load('./main.ts')).rejects.toMatchObject(CLOSED)
    await expect(system.bundle('./main.ts')).rejects.toMatchObject(CLOSED)
    await expect(system.compile('./main.ts')).rejects.toMatchObject(CLOSED)
    await expect(system.validate()).rejects.toMatchObject(CLOSED)
    await expect(system.watch()).rejects.toMatchObject(CLOSED)
    await expect(system.invalidate()).rejects.toMatchObject(CLOSED)
    await expect(system.explain('./main.ts')).rejects.toMatchObject(CLOSED)
    await expect(module.reload()).rejects.toMatchObject(CLOSED)
    expect(() => system.loadSync('./main.ts')).toThrow(expect.objectContaining(CLOSED))
    expect(() => system.graph()).toThrow(expect.objectContaining(CLOSED))
  })

  test('and a reload at the same time both end', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
    const system = new ModuleSystem({ root: fixture.root })
    const module = await system.load('./main.ts')
    await fixture.write('main.ts', 'await new Promise(() => {})\nexport const n = 2')

    const [report, ended] = await Promise.all([module.reload(), system.shutdown()])

    expect(report.outcome).toBe('superseded')
    expect(ended).toMatchObject({ disposed: 1, failures: [] })
  })

  test('leaves nothing of a hundred systems, watched or not', async () => {
    await using fixture = await createFixture({
      'package.json': '{}',
      'node_modules/.keep': '',
      'main.ts': "setInterval(() => {}, 1000)\nprocess.on('SIGUSR2', () => {})",
    })
    const before = listeners()
    const format: unknown = Reflect.get(Error, 'prepareStackTrace')

    for (let round = 0; round < 100; round += 1) {
      const system = new ModuleSystem({ root: fixture.root })
      await system.load('./main.ts')
      if (round % 10 === 0) await system.watch()
      await system.shutdown()
    }

    expect(listeners()).toEqual(before)
    expect(Reflect.get(Error, 'prepareStackTrace')).toBe(format)
  })
})

describe('many ModuleSystems at once', () => {
  /** Symptom: MaxListenersExceededWarning from the eleventh live system on. */
  test('cause no warning about listeners', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
    const warnings: string[] = []
    const onWarning = (warning: Error): void => void warnings.push(warning.name)
    const limit = process.getMaxListeners()
    process.on('warning', onWarning)

    const systems = Array.from({ length: 15 }, () => new ModuleSystem({ root: fixture.root }))
    const modules = await Promise.all(systems.map((system) => system.load('./main.ts')))
    await delay(0)
    await Promise.all(systems.map((system) => system.shutdown()))

    process.off('warning', onWarning)
    expect(new Set(modules).size).toBe(15)
    expect(warnings).not.toContain('MaxListenersExceededWarning')
    expect(process.getMaxListeners()).toBe(limit)
  })
})

describe('Module.reload()', () => {
  /**
   * Symptom: an unhandled rejection ended the process. Cause: the failure of the hook rejected a
   * promise of the report that nobody has to read. Fix: it is an error of the retirement.
   */
  test('survives a plugin whose retire hook throws', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
    const plugin = { name: 'bad', cacheKey: '1', somon: { retire: boom } }
    await using system = new ModuleSystem({ root: fixture.root, plugins: [plugin] })
    const module = await system.load<{ n: number }>('./main.ts')
    await fixture.write('main.ts', 'export const n = 2')

    const report = await module.reload()

    expect(module.exports.n).toBe(2)
    expect('retired' in report && (await report.retired).errors).toMatchObject([
      { code: 'SOMON_BUNDLE_PLUGIN_FAILED' },
    ])
  })

  test('gives up when the module is disposed of, and a later load starts anew', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load('./main.ts')
    await fixture.write('main.ts', 'await null\nexport const n = 2')

    const reload = module.reload()
    await module.dispose()

    expect((await reload).outcome).toBe('superseded')
    expect((await system.load<{ n: number }>('./main.ts')).exports.n).toBe(2)
  })
})

describe('ModuleSystem.watch()', () => {
  /**
   * Symptom: of two sessions one was told nothing. Cause: its reload was superseded by that of the
   * other. Fix: what overtakes a reload answers in its place.
   */
  test('tells every session about a change', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<{ n: number }>('./main.ts')
    await using first = await system.watch()
    await using second = await system.watch()

    const reports = Promise.all([nextReport(first), nextReport(second)])
    await fixture.write('main.ts', 'export const n = 2')

    expect((await reports).map((report) => report.outcome)).toEqual(['reloaded', 'reloaded'])
    expect(module.exports.n).toBe(2)
  })

  test('outlives the removal of the whole project, and heals', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
    await using system = new ModuleSystem({
      root: fixture.root,
      cache: { disk: { mode: 'off' } },
    })
    const module = await system.load<{ n: number }>('./main.ts')
    await using session = await system.watch()

    const failed = nextReport(session)
    await rm(fixture.root, { recursive: true })
    expect(await failed).toMatchObject({ outcome: 'failed', generation: 1 })
    const healed = nextReport(session)
    await mkdir(fixture.root)
    await fixture.write('main.ts', 'export const n = 2')

    expect(await healed).toMatchObject({ outcome: 'healed' })
    expect(module.exports.n).toBe(2)
  })

  test('ends during a reload without leaving it half done', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<{ n: number }>('./main.ts')
    const session = await system.watch()
    const key = `somonTest${process.hrtime.bigint()}`
    const evaluating = once(process, key)
    await fixture.write('main.ts', `process.emit('${key}')\nawait null\nexport const n = 2`)
    await evaluating

    await session.close()

    expect(module.exports.n).toBe(2)
  })
})

function nextReport(session: WatchSession): Promise<WatchReport> {
  const { promise, resolve } = Promise.withResolvers<WatchReport>()
  const leave = session.on('report', (report) => {
    leave()
    resolve(report)
  })
  return promise
}

function boom(): never {
  throw new Error('boom')
}

/** Handled from the start, so that it may reject before anybody asks. */
function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'fulfilled',
    (error: unknown) => error,
  )
}

function listeners(): Readonly<Record<string, number>> {
  return Object.fromEntries(
    process.eventNames().map((name) => [String(name), process.listenerCount(name as 'exit')]),
  )
}
