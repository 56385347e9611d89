import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { isSomonError } from '../../src/base/error.ts'
import { ModuleSystem } from '../../src/system/module-system.ts'
import { createFixture } from '../support/fixture.ts'

describe('ModuleSystem.load()', () => {
  test('returns one module for every spelling of an entry', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const token = {}' })
    await using system = new ModuleSystem({ root: fixture.root })

    const modules = await Promise.all([
      system.load('./main.ts'),
      system.load('./main.ts'),
      system.load(fixture.path('main.ts')),
      system.load(pathToFileURL(fixture.path('main.ts'))),
    ])

    expect(new Set(modules).size).toBe(1)
    expect(await system.load('./main.ts')).toBe(modules[0])
  })

  test('builds and evaluates once for a thousand concurrent callers', async () => {
    const key = `somonTest${process.hrtime.bigint()}`
    await using fixture = await createFixture({
      'main.ts': `globalThis.${key} = (globalThis.${key} ?? 0) + 1\nexport const token = {}`,
    })
    await using system = new ModuleSystem({ root: fixture.root })

    const modules = await Promise.all(
      Array.from({ length: 1000 }, () => system.load<{ token: object }>('./main.ts')),
    )

    expect(new Set(modules).size).toBe(1)
    expect(Reflect.get(globalThis, key)).toBe(1)
    expect(system.stats().bundler.entriesBuilt).toBe(1)
    expect(system.stats().loads.miss).toBe(1000)
    Reflect.deleteProperty(globalThis, key)
  })

  test('rejects every concurrent caller of a faulty entry and tries anew afterwards', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const = 1' })
    await using system = new ModuleSystem({ root: fixture.root })

    const results = await Promise.allSettled(
      Array.from({ length: 50 }, () => system.load('./main.ts')),
    )
    await fixture.write('main.ts', 'export const ok = true')
    const module = await system.load<{ ok: boolean }>('./main.ts')

    const codes = results.map((result) =>
      result.status === 'rejected' && isSomonError(result.reason)
        ? result.reason.code
        : 'fulfilled',
    )
    expect(new Set(codes)).toEqual(new Set(['SOMON_BUNDLE_FAILED']))
    expect(module.exports.ok).toBe(true)
  })

  test('leaves the other waiters alone when one aborts', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const ok = true' })
    await using system = new ModuleSystem({ root: fixture.root })
    const controller = new AbortController()

    const leaving = system.load('./main.ts', { signal: controller.signal })
    const staying = system.load<{ ok: boolean }>('./main.ts', {})
    controller.abort(new Error('enough'))

    await expect(leaving).rejects.toBe(controller.signal.reason)
    expect((await staying).exports.ok).toBe(true)
    expect(system.stats().loads).toMatchObject({ miss: 1, failed: 0 })
  })

  test('counts and tells an entry that is not there', async () => {
    await using fixture = await createFixture()
    await using system = new ModuleSystem({ root: fixture.root })
    const failed: string[] = []
    system.on('load.failed', ({ entry, error }) => failed.push(`${entry} ${error.code}`))

    await expect(system.load('./gone.ts')).rejects.toMatchObject({
      code: 'SOMON_RESOLVE_NOT_FOUND',
    })

    expect(failed).toEqual(['./gone.ts SOMON_RESOLVE_NOT_FOUND'])
    expect(system.stats().loads.failed).toBe(1)
  })

  test('tells every load of a live module as one', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
    await using system = new ModuleSystem({ root: fixture.root })
    const sources: string[] = []
    system.on('load.finished', ({ entry, source }) => sources.push(`${entry} ${source}`))

    for (let call = 0; call < 3; call += 1) await system.load('./main.ts')

    expect(sources).toEqual(['main.ts miss', 'main.ts live', 'main.ts live'])
  })

  test('is refused and leaves nothing running when the system ends meanwhile', async () => {
    const key = `somonTest${process.hrtime.bigint()}`
    await using fixture = await createFixture({
      'main.ts': `import { createServer } from 'node:net'
        globalThis.${key} = createServer().listen(0, '127.0.0.1')
        await new Promise((resolve) => setTimeout(resolve, 100))
        export const n = 1`,
    })
    const system = new ModuleSystem({ root: fixture.root })
    const loading = system.load('./main.ts')
    loading.catch(() => {})
    while (Reflect.get(globalThis, key) === undefined) await new Promise(setImmediate)

    const report = await system.shutdown()

    await expect(loading).rejects.toMatchObject({ code: 'SOMON_MODULE_CLOSED' })
    expect(report.failures).toEqual([])
    expect(Reflect.get(globalThis, key)).toMatchObject({ listening: false })
    Reflect.deleteProperty(globalThis, key)
  })

  test('rejects at its deadline while the top level still waits', async () => {
    await using fixture = await createFixture({
      'main.ts': 'await new Promise(() => {})\nexport const never = 1',
    })
    await using system = new ModuleSystem({
      root: fixture.root,
      loading: { evaluateTimeoutMs: 50 },
    })

    const load = system.load('./main.ts')

    await expect(load).rejects.toMatchObject({ code: 'SOMON_EVALUATE_TIMEOUT' })
  })
})

describe('ModuleSystem.loadSync()', () => {
  test('gives one module to a synchronous and an asynchronous load at once', async () => {
    await using fixture = await createFixture({
      'package.json': '{}',
      'node_modules/.keep': '',
      'main.ts': 'export const token = {}',
    })
    {
      await using first = new ModuleSystem({ root: fixture.root })
      await first.load('./main.ts')
    }
    await using system = new ModuleSystem({ root: fixture.root })

    const loading = system.load('./main.ts', {})
    const now = system.loadSync('./main.ts')

    expect(await loading).toBe(now)
  })
})
