import { describe, expect, test } from 'vitest'
import { ModuleSystem } from '../../src/system/module-system.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'

/** A project whose entry another system has loaded, so that it lies on disk. */
async function loadedOnce(): Promise<Fixture> {
  const fixture = await createFixture({
    'package.json': '{}',
    'node_modules/.keep': '',
    'main.ts': 'export const n = 1',
  })
  await using first = new ModuleSystem({ root: fixture.root })
  await first.load('./main.ts')
  return fixture
}

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

  test('answers from the disk in a second system and from no build', async () => {
    await using fixture = await loadedOnce()
    await using second = new ModuleSystem({ root: fixture.root })

    const module = await second.load<{ n: number }>('./main.ts')

    expect(module.exports.n).toBe(1)
    expect(second.stats().loads).toMatchObject({ disk: 1, miss: 0 })
    expect(second.stats().bundler.builds).toBe(0)
  })

  test('leaves a code cache behind however short the process was', async () => {
    await using fixture = await loadedOnce()
    await using second = new ModuleSystem({ root: fixture.root })
    const used: string[] = []
    second.on('evaluate.finished', ({ codeCache }) => used.push(codeCache))

    await second.load('./main.ts')

    expect(used).toEqual(['used'])
  })

  test('reads the code cache again for a module from memory, which does not keep it', async () => {
    await using fixture = await loadedOnce()
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
