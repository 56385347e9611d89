import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { ModuleSystem } from '../../src/system/module-system.ts'
import { createFixture } from '../support/fixture.ts'

describe('ModuleSystem without types', () => {
  test('on() names the nearest event of a mistyped one', async () => {
    await using system = new ModuleSystem()

    expect(() => system.on('module.reload' as never, () => undefined)).toThrow(
      new TypeError(
        'Cannot listen to "module.reload": there is no such event; write "module.reloaded"',
      ),
    )
  })

  test('load() and loadSync() without an entry are no fault of a module', async () => {
    await using fixture = await createFixture()
    await using system = new ModuleSystem({ root: fixture.root })
    const expected = new TypeError('An entry must be a string or a URL, not undefined')

    await expect(system.load(undefined as never)).rejects.toThrow(expected)
    expect(() => system.loadSync(undefined as never)).toThrow(expected)
    expect(system.stats().loads.failed).toBe(0)
  })

  test.for([
    [5, 'not number'],
    [null, 'not null'],
    [new URL('file:///x.ts'), 'not a URL'],
    [['./main.ts', 5], 'not a list with something else in it'],
  ] as const)('refuses %s as entries', async ([entries, what]) => {
    await using fixture = await createFixture()
    await using system = new ModuleSystem({ root: fixture.root })
    const expected = new TypeError(`Entries must be a string or a list of strings, ${what}`)

    await expect(system.bundle(entries as never)).rejects.toThrow(expected)
    await expect(system.validate(entries as never)).rejects.toThrow(expected)
    await expect(system.invalidate(entries as never)).rejects.toThrow(expected)
    await expect(system.watch({ entries: entries as never })).rejects.toThrow(expected)
  })

  test('actOnGuards() does nothing that is no action', async () => {
    await using system = new ModuleSystem()
    const guard = system.guard('payments')
    await guard.call(() => 1)

    for (const action of ['dispose', 'constructor', undefined]) {
      expect(() => system.actOnGuards(action as never)).toThrow(
        new TypeError('An action must be one of open, close, reset, isolate, disable, enable'),
      )
    }
    expect(await guard.call(() => 2)).toBe(2)
  })

  test('takes one entry in place of a list', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const one = 1' })
    await using system = new ModuleSystem({ root: fixture.root })
    await system.load('./main.ts')

    const validated = await system.validate('./main.ts')
    await using session = await system.watch({ entries: './main.ts' })
    const invalidated = await system.invalidate('main.ts')

    expect(validated).toMatchObject({ ok: true, entries: [{ entry: 'main.ts' }] })
    expect(session.entries).toEqual(['main.ts'])
    expect(invalidated.dropped).toBe(1)
  })
})

describe('ModuleSystem.validate()', () => {
  test('names every entry relative to the root, however it is written', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const one = 1' })
    await using system = new ModuleSystem({ root: fixture.root })

    const { entries } = await system.validate([
      './main.ts',
      fixture.path('main.ts'),
      './gone.ts',
      fixture.path('gone.ts'),
      pathToFileURL(fixture.path('gone.ts')).href,
      'file://elsewhere/gone.ts',
      '../gone.ts',
    ])

    expect(entries.map(({ entry }) => entry)).toEqual([
      'main.ts',
      'main.ts',
      'gone.ts',
      'gone.ts',
      'gone.ts',
      'file://elsewhere/gone.ts',
      '../gone.ts',
    ])
    expect(entries.map(({ errors }) => errors.length)).toEqual([0, 0, 1, 1, 1, 1, 1])
  })
})

describe('ModuleSystem.explain()', () => {
  test('lists generations by their number, a failed one after the one that serves', async () => {
    const key = `somonTest${process.hrtime.bigint()}`
    await using fixture = await createFixture({ 'main.ts': 'export const one = 1' })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load('./main.ts')
    await fixture.write('main.ts', `globalThis.${key} = () => import.meta\nthrow new Error('no')`)
    const { outcome } = await module.reload()

    const { generations } = await system.explain('./main.ts')

    expect(outcome).toBe('failed')
    expect(generations).toEqual([
      { number: 1, state: 'live' },
      { number: 2, state: 'retired' },
    ])
    Reflect.deleteProperty(globalThis, key)
  })
})
