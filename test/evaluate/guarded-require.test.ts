import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { guardSettings } from '../guard/support/settings.ts'
import { timerClock } from '../guard/support/timer-clock.ts'
import { createRig, type EvaluatorRig } from './support/evaluator.ts'
import { guardedImports, type GuardedImports } from './support/guarded-imports.ts'
import { packages } from './support/importing.ts'
import { wrapped } from './support/wrapped.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

interface Scene extends GuardedImports {
  readonly rig: EvaluatorRig
  /** What came of guarded calls in order, as `owner dependency outcome`. */
  readonly calls: string[]
}

function scene(root: string, options?: Parameters<typeof guardedImports>[2]): Scene {
  const guarded = guardedImports(root, timerClock(), options)
  const calls: string[] = []
  guarded.events.on('guard.call', ({ owner, dependency, outcome }) =>
    calls.push(`${owner} ${dependency} ${outcome}`),
  )
  return { ...guarded, calls, rig: createRig(root, { guards: guarded.guards }) }
}

/** Runs a CommonJS source; the value of the expression, or what it threw. */
async function run(rig: EvaluatorRig, expression: string, entry = 'main.cjs'): Promise<unknown> {
  const body = `let value; try { value = ${expression} } catch (error) { value = error }`
  const artifact = wrapped({ entry, body, exports: { value: 'value' } })
  return (await rig.start(artifact)).namespace.value
}

const versioned = (name: string, main = 'index.js'): string =>
  JSON.stringify({ name, main, version: '1.2.3' })

describe('require() of a CommonJS source', () => {
  test('loads a package through the guard of the module, once', async () => {
    await using fixture = await packages({
      'old/package.json': versioned('old'),
      'old/index.js': 'exports.a = {}',
      'new/package.json': versioned('new', 'index.mjs'),
      'new/index.mjs': 'export const a = {}',
    })
    const { rig, calls } = scene(fixture.root)

    const found = await run(rig, '[require("old"), require("new")]')
    const again = await run(rig, '[require("old"), require("new")]')

    expect(found).toEqual([{ a: {} }, expect.objectContaining({ a: {} })])
    expect((again as unknown[])[0]).toBe((found as unknown[])[0])
    expect((again as unknown[])[1]).toBe((found as unknown[])[1])
    expect(calls).toEqual(['main.cjs module:old@1.2.3 ok', 'main.cjs module:new@1.2.3 ok'])
  })

  test('loads a package anew when it was taken out of the cache of Node', async () => {
    await using fixture = await packages({
      'old/package.json': versioned('old'),
      'old/index.js': 'exports.a = {}',
    })
    const { rig, calls } = scene(fixture.root)

    const [one, same, other] = (await run(
      rig,
      '[require("old"), require("old"), (delete require.cache[require.resolve("old")], require("old"))]',
    )) as unknown[]

    expect(same).toBe(one)
    expect(other).not.toBe(one)
    expect(calls.length).toBe(2)
  })

  test('asks no guard for builtins, paths and what is not there', async () => {
    await using fixture = await packages({})
    await fixture.write('beside.cjs', 'module.exports = 7')
    const { rig, calls } = scene(fixture.root)

    const found = await run(
      rig,
      '[require("node:path").sep, require("fs").read, require("./beside.cjs")]',
    )
    const missing = await run(rig, 'require("none")')
    const wrong = await run(rig, 'require(7)')

    expect(found).toEqual(['/', expect.any(Function), 7])
    expect(missing).toHaveProperty('code', 'MODULE_NOT_FOUND')
    expect(wrong).toHaveProperty('code', 'ERR_INVALID_ARG_TYPE')
    expect(calls).toEqual([])
  })

  test('keeps what belongs to a require', async () => {
    await using fixture = await packages({ 'old/index.js': '' })
    const { rig } = scene(fixture.root)

    const found = await run(rig, '[require.resolve("old"), Object.keys(require)]')

    expect(found).toEqual([
      fixture.path('node_modules/old/index.js'),
      ['resolve', 'main', 'extensions', 'cache'],
    ])
  })

  test('is refused while the circuit is open, and closes it for all when it succeeds', async () => {
    const name = 'flaky-required'
    await using fixture = await packages({
      [`${name}/package.json`]: versioned(name),
      [`${name}/index.js`]:
        'globalThis.__requires = (globalThis.__requires ?? 0) + 1; if (globalThis.__requires < 3) throw new Error("down"); exports.a = 1',
    })
    const { rig, registry } = scene(fixture.root, { settings: guardSettings({ consecutive: 1 }) })
    const stateOf = (owner: string): string =>
      registry.for(owner, `module:${name}@1.2.3`).snapshot().state
    const failed = await run(rig, `require("${name}")`, 'a.cjs')
    const refused = await run(rig, `require("${name}")`, 'a.cjs')
    await run(rig, `require("${name}")`, 'b.cjs')
    await vi.advanceTimersByTimeAsync(5000)

    const found = await run(rig, `require("${name}")`, 'a.cjs')

    expect(failed).toHaveProperty('message', 'down')
    expect(refused).toMatchObject({
      code: 'SOMON_GUARD_OPEN',
      data: { owner: 'a.cjs', dependency: `module:${name}@1.2.3`, retryAfterMs: 5000 },
    })
    expect(found).toEqual({ a: 1 })
    expect([stateOf('a.cjs'), stateOf('b.cjs')]).toEqual(['closed', 'closed'])
  })

  test('hands out declared functions, and leaves alone what is no bag of names', async () => {
    await using fixture = await packages({
      'pay/package.json': versioned('pay'),
      'pay/index.js': 'exports.charge = (amount) => amount; exports.other = {}',
      'payer/package.json': versioned('payer'),
      'payer/index.js': 'class Payer { charge() { return 1 } }; module.exports = new Payer()',
    })
    const { rig, calls } = scene(fixture.root, {
      declared: (name) =>
        name.startsWith('pay') ? { dependency: 'payments', functions: ['charge'] } : undefined,
    })

    const [paid, same] = (await run(
      rig,
      '[require("pay").charge(7), require("pay") === require("pay")]',
    )) as [Promise<number>, boolean]
    const anew = await run(
      rig,
      '[require("pay").other, (delete require.cache[require.resolve("pay")], require("pay").other)]',
    )
    const plain = await run(rig, 'require("payer").charge()')

    expect(await paid).toBe(7)
    expect(same).toBe(true)
    expect((anew as unknown[])[1]).not.toBe((anew as unknown[])[0])
    expect(plain).toBe(1)
    expect(calls).toContain('main.cjs payments ok')
  })

  test("is Node's own where nothing is guarded", async () => {
    await using fixture = await packages({ 'old/index.js': '' })
    using rig = createRig(fixture.root)

    expect(await run(rig, 'require.name')).toBe('require')
  })
})

describe('Evaluator.bindImportsSync() through guards', () => {
  test('is refused while the circuit is open, and does not run the package', async () => {
    await using fixture = await packages({
      'sync/package.json': versioned('sync'),
      'sync/index.js':
        'globalThis.__syncs = (globalThis.__syncs ?? 0) + 1; throw new Error("down")',
      'tla/package.json': versioned('tla', 'index.mjs'),
      'tla/index.mjs': 'await 1',
    })
    const { rig, calls } = scene(fixture.root, { settings: guardSettings({ consecutive: 1 }) })
    const bind = (spec: string): unknown => {
      const artifact = wrapped({ body: '', deps: [{ spec }] })
      const generation = rig.evaluator.instantiate({ artifact, number: 1, reloadable: true })
      try {
        rig.evaluator.bindImportsSync(generation)
      } catch (error) {
        return error
      }
      return undefined
    }

    const errors = [bind('sync'), bind('sync'), bind('tla')]

    expect(errors).toMatchObject([
      { code: 'SOMON_EVALUATE_IMPORT_FAILED', cause: { message: 'down' } },
      { code: 'SOMON_GUARD_OPEN' },
      { code: 'SOMON_EVALUATE_SYNC_EXTERNAL' },
    ])
    expect(Reflect.get(globalThis, '__syncs')).toBe(1)
    expect(calls.map((call) => call.split(' ').at(-1))).toEqual(['failure', 'open', 'ignored'])
  })
})
