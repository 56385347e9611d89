import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { isSomonError } from '../../src/base/error.ts'
import { ModuleSystem } from '../../src/system/module-system.ts'
import { createFixture } from '../support/fixture.ts'

describe('ModuleSystem.load()', () => {
  test('evaluates TypeScript and what it imports', async () => {
    await using fixture = await createFixture({
      'main.ts': `import { twice } from './twice.ts'\nexport const answer: number = twice(21)`,
      'twice.ts': 'export const twice = (n: number): number => n * 2',
    })
    await using system = new ModuleSystem({ root: fixture.root })

    const module = await system.load<{ answer: number }>('./main.ts')

    expect(module.exports.answer).toBe(42)
    expect(module.id).toBe('main.ts')
    expect(module.generation).toBe(1)
  })

  test('says of an installed package what is wrong with it, and not to install it', async () => {
    await using fixture = await createFixture({
      'main.ts': `import bad from 'bad'\nexport const x = bad`,
      'node_modules/bad/package.json': '{"name":"bad","exports":"garbage"}',
    })
    await using system = new ModuleSystem({ root: fixture.root })

    await expect(system.load('./main.ts')).rejects.toMatchObject({
      code: 'SOMON_EVALUATE_IMPORT_FAILED',
      message: expect.stringContaining('is installed, but "exports" of node_modules/bad/package'),
      fix: expect.not.stringContaining('npm install'),
    })
  })

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

  test('answers from the disk in a second system and from no build', async () => {
    await using fixture = await createFixture({
      'package.json': '{}',
      'node_modules/.keep': '',
      'main.ts': 'export const n = 1',
    })
    {
      await using first = new ModuleSystem({ root: fixture.root })
      await first.load('./main.ts')
    }
    await using second = new ModuleSystem({ root: fixture.root })

    const module = await second.load<{ n: number }>('./main.ts')

    expect(module.exports.n).toBe(1)
    expect(second.stats().loads).toMatchObject({ disk: 1, miss: 0 })
    expect(second.stats().bundler.builds).toBe(0)
  })

  test('leaves a code cache behind however short the process was', async () => {
    await using fixture = await createFixture({
      'package.json': '{}',
      'node_modules/.keep': '',
      'main.ts': 'export const n = 1',
    })
    {
      await using first = new ModuleSystem({ root: fixture.root })
      await first.load('./main.ts')
    }
    await using second = new ModuleSystem({ root: fixture.root })
    const used: string[] = []
    second.on('evaluate.finished', ({ codeCache }) => used.push(codeCache))

    await second.load('./main.ts')

    expect(used).toEqual(['used'])
  })

  test('reads the code cache again for a module from memory, which does not keep it', async () => {
    await using fixture = await createFixture({
      'package.json': '{}',
      'node_modules/.keep': '',
      'main.ts': 'export const n = 1',
    })
    {
      await using first = new ModuleSystem({ root: fixture.root })
      await first.load('./main.ts')
    }
    await using second = new ModuleSystem({ root: fixture.root })
    const used: string[] = []
    second.on('evaluate.finished', ({ codeCache }) => used.push(codeCache))
    const module = await second.load('./main.ts')
    await module.dispose()

    await second.load('./main.ts')

    expect(second.stats().loads).toMatchObject({ disk: 1, memory: 1 })
    expect(used).toEqual(['used', 'used'])
    expect(second.stats().cache.parts.codeCache).toBe(0)
  })

  test('refuses a run-time import of a source as something that it is not', async () => {
    await using fixture = await createFixture({
      'main.ts': `export const load = (file: string, type: string) => import(file, { with: { type } })`,
      'data.json': '{"n": 1}',
    })
    await using system = new ModuleSystem({ root: fixture.root })
    const { exports } = await system.load<{
      load(file: string, type: string): Promise<{ default: unknown }>
    }>('./main.ts')

    const json = await exports.load('./data.json', 'json')
    const text = exports.load('./data.json', 'text')

    expect(json.default).toEqual({ n: 1 })
    await expect(text).rejects.toMatchObject({ code: 'SOMON_EVALUATE_IMPORT_REFUSED' })
  })

  test('rejects after shutdown', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
    const system = new ModuleSystem({ root: fixture.root })
    const module = await system.load('./main.ts')

    const report = await system.shutdown()

    expect(report).toMatchObject({ disposed: 1, failures: [] })
    await expect(system.load('./main.ts')).rejects.toMatchObject({ code: 'SOMON_MODULE_CLOSED' })
    await expect(module.use(() => 1)).rejects.toMatchObject({ code: 'SOMON_MODULE_CLOSED' })
    expect(await system.shutdown()).toBe(report)
  })
})

describe('ModuleSystem.loadSync()', () => {
  test('serves what is valid on disk', async () => {
    await using fixture = await createFixture({
      'package.json': '{}',
      'node_modules/.keep': '',
      'main.ts': `import { sep } from 'node:path'\nexport const value = sep`,
    })
    {
      await using first = new ModuleSystem({ root: fixture.root })
      await first.load('./main.ts')
    }
    await using system = new ModuleSystem({ root: fixture.root })

    const module = system.loadSync<{ value: string }>('./main.ts')

    expect(module.exports.value).toBe('/')
    expect(await system.load('./main.ts')).toBe(module)
  })

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

  test('throws a miss that names the way out', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
    await using system = new ModuleSystem({ root: fixture.root })

    expect(() => system.loadSync('./main.ts')).toThrow(
      expect.objectContaining({ code: 'SOMON_LOAD_SYNC_MISS' }),
    )
  })
})

describe('stack traces', () => {
  const files = {
    'package.json': '{}',
    'node_modules/.keep': '',
    'main.ts': `interface Wide { readonly a: string }\n\nexport const stack = () => new Error('here').stack`,
  }

  test('lead to the source in a system with eager maps, also from a cache without maps', async () => {
    await using fixture = await createFixture(files)
    {
      await using first = new ModuleSystem({
        root: fixture.root,
        loading: { sourceMaps: 'none' },
      })
      await first.load('./main.ts')
    }
    await using second = new ModuleSystem({
      root: fixture.root,
      loading: { sourceMaps: 'eager' },
    })

    const module = await second.load<{ stack(): string }>('./main.ts')

    expect(second.stats().loads.disk).toBe(1)
    expect(module.exports.stack()).toContain(`${fixture.path('main.ts')}:3:28`)
  })

  test('lead to the bundle without maps', async () => {
    await using fixture = await createFixture(files)
    await using system = new ModuleSystem({ root: fixture.root, loading: { sourceMaps: 'none' } })

    const module = await system.load<{ stack(): string }>('./main.ts')

    expect(module.exports.stack()).toContain(`${fixture.path('main.ts')}?g=1:`)
  })
})
