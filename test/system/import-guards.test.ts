import { describe, expect, test } from 'vitest'
import type { SettingsInput } from '../../src/config/input.ts'
import type { ModuleSystem } from '../../src/system/module-system.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'
import { systemMaker } from './effects/effect-case.ts'
import { until } from './effects/loading-effects.ts'

function systemOn(fixture: Fixture, settings: SettingsInput): ModuleSystem {
  return systemMaker(fixture, 'root', fixture.root)(settings)
}

async function addPackage(fixture: Fixture, name: string, text: string): Promise<void> {
  const json = JSON.stringify({ name, version: '1.2.3', main: 'index.mjs' })
  await fixture.write(`node_modules/${name}/package.json`, json)
  await fixture.write(`node_modules/${name}/index.mjs`, text)
}

async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  )
}

function states(system: ModuleSystem): Readonly<Record<string, string>> {
  const { breakers } = system.stats().guards
  return Object.fromEntries(Object.entries(breakers).map(([id, { state }]) => [id, state]))
}

const quick = { consecutive: 1, recoveryMs: 1000, open: { baseMs: 20, jitter: 0 } } as const

describe('ModuleSystem.load() of modules that import packages', () => {
  test('opens the circuit of a package that fails, and of nothing else', async () => {
    await using fixture = await createFixture({
      'bad.ts': "import 'broken-here'\nexport {}",
      'good.ts': "import { a } from 'sound-here'\nexport const b = a",
    })
    await addPackage(fixture, 'broken-here', "throw new Error('no licence')")
    await addPackage(fixture, 'sound-here', 'export const a = 1')
    await using system = systemOn(fixture, { guard: { breaker: { consecutive: 2 } } })

    const errors = [
      await failureOf(system.load('./bad.ts')),
      await failureOf(system.load('./bad.ts')),
      await failureOf(system.load('./bad.ts')),
    ]
    const good = await system.load<{ b: number }>('./good.ts')

    expect(errors).toMatchObject([
      { code: 'SOMON_EVALUATE_IMPORT_FAILED' },
      { code: 'SOMON_EVALUATE_IMPORT_FAILED' },
      {
        code: 'SOMON_GUARD_OPEN',
        data: { owner: 'bad.ts', retryAfterMs: expect.any(Number) },
        cause: { message: 'no licence' },
      },
    ])
    expect(good.exports.b).toBe(1)
    expect(states(system)).toEqual({
      'bad.ts:module:broken-here@1.2.3': 'open',
      'good.ts:module:sound-here@1.2.3': 'closed',
    })
  })

  test('recovers when the package does', async () => {
    await using fixture = await createFixture({
      'main.ts': "export { n } from 'flaky-here'",
    })
    await addPackage(
      fixture,
      'flaky-here',
      'globalThis.__flakyHere = (globalThis.__flakyHere ?? 0) + 1; if (globalThis.__flakyHere < 2) throw new Error("down"); export const n = globalThis.__flakyHere',
    )
    await using system = systemOn(fixture, { guard: { breaker: quick } })
    const first = await failureOf(system.load('./main.ts'))
    const before = states(system)

    await until(() => Object.values(states(system)).includes('half-open'))
    const second = await failureOf(system.load('./main.ts'))

    expect(first).toMatchObject({ code: 'SOMON_EVALUATE_IMPORT_FAILED' })
    expect(second).toBeUndefined()
    expect(before).toEqual({ 'main.ts:module:flaky-here@1.2.3': 'open' })
    expect(states(system)).toEqual({ 'main.ts:module:flaky-here@1.2.3': 'closed' })
    expect((await system.load<{ n: number }>('./main.ts')).exports.n).toBe(2)
  })

  test('leaves a package alone that hangs, and takes the next attempt', async () => {
    await using fixture = await createFixture({ 'main.ts': "export { run } from 'hangs-here'" })
    await addPackage(
      fixture,
      'hangs-here',
      'globalThis.__hangsHere = (globalThis.__hangsHere ?? 0) + 1; export const run = globalThis.__hangsHere; if (run === 1) await new Promise(() => {})',
    )
    await using system = systemOn(fixture, { guard: { timeoutMs: 1000 } })

    const error = await failureOf(system.load('./main.ts'))
    const { exports } = await system.load<{ run: number }>('./main.ts')

    expect(error).toMatchObject({
      code: 'SOMON_GUARD_TIMEOUT',
      data: { owner: 'main.ts', dependency: 'module:hangs-here@1.2.3' },
    })
    expect(exports.run).toBe(2)
  })

  test('guards what loadSync() and require() load', async () => {
    await using fixture = await createFixture({
      'main.cjs': "exports.again = () => require('broken-cjs')",
      'node_modules/broken-cjs/package.json': '{"name":"broken-cjs","version":"1.2.3"}',
      'node_modules/broken-cjs/index.js': 'throw new Error("no licence")',
      'sync.ts': "import 'broken-cjs'\nexport {}",
    })
    await using system = systemOn(fixture, {
      cache: { disk: { mode: 'readwrite', dir: '.cache' } },
      guard: { breaker: { consecutive: 1 } },
    })
    const { exports } = await system.load<{ default: { again(): unknown } }>('./main.cjs')
    await failureOf(system.load('./sync.ts'))

    const refused = (): unknown => system.loadSync('./sync.ts')

    expect(() => exports.default.again()).toThrow('no licence')
    expect(() => exports.default.again()).toThrow(
      expect.objectContaining({ code: 'SOMON_GUARD_OPEN' }),
    )
    expect(refused).toThrow(expect.objectContaining({ code: 'SOMON_GUARD_OPEN' }))
    expect(states(system)).toEqual({
      'main.cjs:module:broken-cjs@1.2.3': 'open',
      'sync.ts:module:broken-cjs@1.2.3': 'open',
    })
  })

  test('guards no import without circuit breakers', async () => {
    await using fixture = await createFixture({ 'bad.ts': "import 'broken-off'\nexport {}" })
    await addPackage(fixture, 'broken-off', "throw new Error('no licence')")
    await using system = systemOn(fixture, {
      guard: { enabled: false, breaker: { consecutive: 1 } },
    })

    await failureOf(system.load('./bad.ts'))
    const error = await failureOf(system.load('./bad.ts'))

    expect(error).toMatchObject({ code: 'SOMON_EVALUATE_IMPORT_FAILED' })
    expect(states(system)).toEqual({})
  })
})

describe('guard.dependencies.<name>.functions', () => {
  const payments = { kind: 'module', match: ['pay-here'], functions: ['charge'] } as const
  const PAY = 'export const charge = (n) => { if (n < 0) throw new Error("declined"); return n }'
  const main = "import { charge } from 'pay-here'\nexport const pay = (n: number) => charge(n)"

  test.each(['external', 'bundle'] as const)(
    'guards calls of a package under packages: "%s"',
    async (packages) => {
      await using fixture = await createFixture({ 'main.ts': main })
      await addPackage(fixture, 'pay-here', PAY)
      await using system = systemOn(fixture, {
        loading: { packages },
        guard: { dependencies: { payments: { ...payments, breaker: { consecutive: 1 } } } },
      })
      const { exports } = await system.load<{ pay(n: number): Promise<number> }>('./main.ts')

      const paid = await exports.pay(1)
      const declined = await failureOf(exports.pay(-1))
      const refused = await failureOf(exports.pay(1))

      expect(paid).toBe(1)
      expect(declined).toMatchObject({ message: 'declined' })
      expect(refused).toMatchObject({
        code: 'SOMON_GUARD_OPEN',
        data: { owner: 'main.ts', dependency: 'payments' },
      })
      expect(states(system)).toEqual({
        'main.ts:module:pay-here@1.2.3': 'closed',
        'main.ts:payments': 'open',
      })
    },
  )

  test('are called again when they fail, if the declaration has retries', async () => {
    await using fixture = await createFixture({ 'main.ts': main })
    await addPackage(
      fixture,
      'pay-here',
      'let tries = 0; export const charge = async () => { tries += 1; if (tries < 3) throw new Error("busy"); return tries }',
    )
    await using system = systemOn(fixture, {
      guard: { dependencies: { payments: { ...payments, retry: { max: 2, minPerSecond: 10 } } } },
    })
    const { exports } = await system.load<{ pay(n: number): Promise<number> }>('./main.ts')

    expect(await exports.pay(1)).toBe(3)
  })

  test('refuses a name that the package does not export, where it is imported', async () => {
    await using fixture = await createFixture({ 'main.ts': main })
    await addPackage(fixture, 'pay-here', PAY)
    await using system = systemOn(fixture, {
      guard: { dependencies: { payments: { ...payments, functions: ['chrage'] } } },
    })

    const error = await failureOf(system.load('./main.ts'))

    expect(error).toMatchObject({
      code: 'SOMON_GUARD_NOT_A_FUNCTION',
      fix: 'Name "charge" instead',
      data: { importer: 'main.ts', specifier: 'pay-here', name: 'chrage' },
    })
  })
})

describe('functions that are declared while guards are off', () => {
  test('are guarded once guards are switched on', async () => {
    await using fixture = await createFixture({
      'main.ts': "import { charge } from 'pay-here'\nexport const pay = () => charge()",
    })
    await addPackage(fixture, 'pay-here', "export const charge = () => { throw new Error('down') }")
    await using system = systemOn(fixture, {
      circuitBreakers: false,
      guard: {
        breaker: { consecutive: 1 },
        dependencies: { pay: { kind: 'module', match: ['pay-here'], functions: ['charge'] } },
      },
    })
    const { exports } = await system.load<{ pay(): Promise<unknown> }>('./main.ts')
    const off = [await failureOf(exports.pay()), await failureOf(exports.pay())]

    system.configure({ circuitBreakers: true })
    const on = [await failureOf(exports.pay()), await failureOf(exports.pay())]

    expect(off).toMatchObject([{ message: 'down' }, { message: 'down' }])
    expect(on).toMatchObject([{ message: 'down' }, { code: 'SOMON_GUARD_OPEN' }])
  })
})
