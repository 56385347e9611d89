import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Artifact } from '../../src/bundle/artifact.ts'
import type { GuardEvents } from '../../src/guard/events.ts'
import { guardSettings } from '../guard/support/settings.ts'
import { timerClock } from '../guard/support/timer-clock.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'
import { createRig, type EvaluatorRig } from './support/evaluator.ts'
import { guardedImports, type GuardedImports } from './support/guarded-imports.ts'
import { wrapped } from './support/wrapped.ts'

type Options = Parameters<typeof guardedImports>[2]

// The timers of circuits are faked, Node's imports are not.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
})
afterEach(() => {
  vi.useRealTimers()
})

/** A package of one module, of version 1.2.3. */
async function addPackage(fixture: Fixture, name: string, text: string): Promise<void> {
  const json = JSON.stringify({ name, version: '1.2.3', main: 'index.mjs' })
  await fixture.write(`node_modules/${name}/package.json`, json)
  await fixture.write(`node_modules/${name}/index.mjs`, text)
}

interface Scene extends GuardedImports {
  readonly rig: EvaluatorRig
  readonly stuck: GuardEvents['guard.import-stuck'][]
  /** What came of guarded calls in order, as `owner dependency outcome`. */
  readonly calls: string[]
}

function scene(root: string, options?: Options): Scene {
  const guarded = guardedImports(root, timerClock(), options)
  const rig = createRig(root, { guards: guarded.guards })
  const made: Scene = { ...guarded, rig, stuck: [], calls: [] }
  guarded.events.on('guard.import-stuck', (event) => made.stuck.push(event))
  guarded.events.on('guard.call', ({ owner, dependency, outcome }) =>
    made.calls.push(`${owner} ${dependency} ${outcome}`),
  )
  return made
}

function importing(entry: string, spec: string): Artifact {
  return wrapped({
    entry,
    body: '',
    imports: 'dep=$d[0]',
    exports: { dep: 'dep' },
    deps: [{ spec }],
  })
}

/** Loads a module that imports a package; what it exports as `dep`, or the error. */
async function load(rig: EvaluatorRig, entry: string, spec: string): Promise<unknown> {
  try {
    return (await rig.start(importing(entry, spec))).namespace.dep
  } catch (error) {
    return error
  }
}

function count(name: string): number {
  return Number(Reflect.get(globalThis, name) ?? 0)
}

const counted = (name: string): string => `globalThis.${name} = (globalThis.${name} ?? 0) + 1`

describe('Evaluator.bindImports() through guards', () => {
  test('asks the guard of the importing module and the version of the package', async () => {
    await using fixture = await createFixture()
    await addPackage(fixture, 'near', 'export const a = 1')
    const { rig, calls } = scene(fixture.root)

    await load(rig, 'src/orders.ts', 'near')
    await load(rig, 'src/orders.ts', 'node:path')

    expect(calls).toEqual(['src/orders.ts module:near@1.2.3 ok'])
  })

  test('imports once for 100 modules at a time, each through its own guard', async () => {
    await using fixture = await createFixture()
    await addPackage(fixture, 'shared', `${counted('__shared')}; await 1; export const a = {}`)
    const { rig, calls, registry } = scene(fixture.root)
    const entries = Array.from({ length: 100 }, (_, at) => `src/m${at}.ts`)

    const found = await Promise.all(entries.map((entry) => load(rig, entry, 'shared')))

    expect(new Set(found).size).toBe(1)
    expect(found[0]).toHaveProperty('a')
    expect(count('__shared')).toBe(1)
    expect(calls.length).toBe(100)
    expect(registry.size).toBe(100)
  })

  test('asks no guard for what has been imported, and hands out the same namespace', async () => {
    await using fixture = await createFixture()
    await addPackage(fixture, 'lodashlike', 'export const chunk = () => []')
    const { rig, calls, registry } = scene(fixture.root)
    const first = await load(rig, 'src/a.ts', 'lodashlike')
    registry.for('src/a.ts', 'module:lodashlike@1.2.3').isolate()

    const second = await load(rig, 'src/a.ts', 'lodashlike')
    const third = await load(rig, 'src/b.ts', 'lodashlike')

    expect([second, third]).toEqual([first, first])
    expect(second).toBe(first)
    expect(calls.length).toBe(1)
    expect(registry.size).toBe(1)
  })

  test('fails fast once the package has failed so often, while all else goes on', async () => {
    await using fixture = await createFixture()
    await addPackage(fixture, 'broken', `${counted('__broken')}; throw new Error('no licence')`)
    await addPackage(fixture, 'sound', 'export const a = 1')
    const { rig } = scene(fixture.root, { settings: guardSettings({ consecutive: 3 }) })

    const codes: unknown[] = []
    for (let at = 0; at < 4; at += 1) codes.push(await load(rig, 'src/a.ts', 'broken'))
    const other = await load(rig, 'src/b.ts', 'broken')
    const sound = await load(rig, 'src/a.ts', 'sound')

    expect(codes.map((error) => (error as { code: string }).code)).toEqual([
      ...Array.from({ length: 3 }, () => 'SOMON_EVALUATE_IMPORT_FAILED'),
      'SOMON_GUARD_OPEN',
    ])
    expect(codes.at(-1)).toMatchObject({
      data: { owner: 'src/a.ts', dependency: 'module:broken@1.2.3', retryAfterMs: 5000 },
      cause: { name: 'Error', message: 'no licence' },
    })
    expect(other).toMatchObject({ code: 'SOMON_EVALUATE_IMPORT_FAILED' })
    expect(count('__broken')).toBe(4)
    expect(sound).toHaveProperty('a', 1)
  })

  test('recovers by one probe under a fresh URL, for all who failed', async () => {
    await using fixture = await createFixture()
    await addPackage(
      fixture,
      'flaky',
      `${counted('__flaky')}; if (globalThis.__flaky < 4) throw new Error('down'); export const url = import.meta.url`,
    )
    const { rig, registry } = scene(fixture.root, { settings: guardSettings({ consecutive: 1 }) })
    const stateOf = (owner: string): string =>
      registry.for(owner, 'module:flaky@1.2.3').snapshot().state
    for (const owner of ['src/a.ts', 'src/b.ts', 'src/c.ts']) await load(rig, owner, 'flaky')
    const before = [stateOf('src/a.ts'), stateOf('src/b.ts'), stateOf('src/c.ts')]
    await vi.advanceTimersByTimeAsync(5000)

    const found = await load(rig, 'src/b.ts', 'flaky')

    expect(before).toEqual(['open', 'open', 'open'])
    expect((found as { url: string }).url).toMatch(/index\.mjs\?somon=3$/)
    expect([stateOf('src/a.ts'), stateOf('src/b.ts'), stateOf('src/c.ts')]).toEqual([
      ...['closed', 'closed', 'closed'],
    ])
  })

  test('does not count a refusal that the package met while it was imported', async () => {
    await using fixture = await createFixture()
    await addPackage(
      fixture,
      'caller',
      "throw Object.assign(new Error('open'), { code: 'SOMON_GUARD_OPEN' })",
    )
    const { rig, calls } = scene(fixture.root, { settings: guardSettings({ consecutive: 1 }) })

    const error = await load(rig, 'src/a.ts', 'caller')

    expect(error).toMatchObject({
      code: 'SOMON_EVALUATE_IMPORT_FAILED',
      cause: { code: 'SOMON_GUARD_OPEN' },
    })
    expect(calls).toEqual(['src/a.ts module:caller@1.2.3 ignored'])
  })

  test('imports 200 files of a package at once, which no bulkhead is meant for', async () => {
    await using fixture = await createFixture()
    await addPackage(fixture, 'many', '')
    const specs = Array.from({ length: 200 }, (_, at) => `many/f${at}.mjs`)
    for (const spec of specs) await fixture.write(`node_modules/${spec}`, 'await 1')
    const { rig, calls } = scene(fixture.root)

    await rig.start(wrapped({ entry: 'src/a.ts', body: '', deps: specs.map((spec) => ({ spec })) }))

    expect(calls.length).toBe(200)
    expect(new Set(calls)).toEqual(new Set(['src/a.ts module:many@1.2.3 ok']))
  })
})

describe('Evaluator.bindImports() of a package that hangs', () => {
  const hanging = `${counted('__hangs')}; const mine = globalThis.__hangs
    if (mine === 1) await new Promise((resolve) => { globalThis.__release = resolve })
    export const run = mine`

  afterEach(() => {
    Reflect.deleteProperty(globalThis, '__hangs')
  })

  test('leaves it alone at the timeout, and asks for a fresh URL next', async () => {
    await using fixture = await createFixture()
    await addPackage(fixture, 'hangs', hanging)
    const { rig, calls } = scene(fixture.root)

    const waiting = load(rig, 'src/a.ts', 'hangs')
    await vi.waitFor(() => expect(count('__hangs')).toBe(1))
    await vi.advanceTimersByTimeAsync(10_000)
    const error = await waiting
    const found = await load(rig, 'src/a.ts', 'hangs')

    expect(error).toMatchObject({
      code: 'SOMON_GUARD_TIMEOUT',
      data: { dependency: 'module:hangs@1.2.3', timeoutMs: 10_000 },
    })
    expect(found).toHaveProperty('run', 2)
    expect(calls.map((call) => call.split(' ').at(-1))).toEqual(['timeout', 'ok'])
  })

  test('takes what comes after the timeout, if nothing else came before', async () => {
    await using fixture = await createFixture()
    await addPackage(fixture, 'hangs', hanging)
    const { rig, registry } = scene(fixture.root, { settings: guardSettings({ consecutive: 1 }) })
    const waiting = load(rig, 'src/a.ts', 'hangs')
    await vi.waitFor(() => expect(count('__hangs')).toBe(1))
    await vi.advanceTimersByTimeAsync(10_000)
    await waiting
    const guard = registry.for('src/a.ts', 'module:hangs@1.2.3')
    const before = guard.snapshot().state

    ;(Reflect.get(globalThis, '__release') as () => void)()
    await vi.waitFor(() => expect(guard.snapshot().state).toBe('closed'))
    const found = await load(rig, 'src/a.ts', 'hangs')

    expect(before).toBe('open')
    expect(found).toHaveProperty('run', 1)
    expect(count('__hangs')).toBe(1)
  })
})

/** Runs that wait until the test settles them, by their number. */
const waiting = (name: string): string =>
  `${counted(name)}; const mine = globalThis.${name}
  await new Promise((resolve, reject) => { globalThis.${name}Ends = { ...globalThis.${name}Ends, [mine]: { resolve, reject } } })
  export const run = mine; export const { url } = import.meta`

interface Ends {
  resolve(): void
  reject(error: Error): void
}
const end = (name: string, run: number): Ends =>
  (Reflect.get(globalThis, `${name}Ends`) as Record<number, Ends>)[run] ?? {
    ...{ resolve: () => {}, reject: () => {} },
  }

describe('Evaluator.bindImports() of a package that settles after its timeout', () => {
  test('keeps what has been imported since', async () => {
    await using fixture = await createFixture()
    await addPackage(fixture, 'slow', waiting('__slow'))
    const { rig } = scene(fixture.root)
    const first = load(rig, 'src/a.ts', 'slow')
    await vi.waitFor(() => expect(count('__slow')).toBe(1))
    await vi.advanceTimersByTimeAsync(10_000)
    await first
    const second = load(rig, 'src/a.ts', 'slow')
    await vi.waitFor(() => expect(count('__slow')).toBe(2))
    end('__slow', 2).resolve()
    const found = await second

    end('__slow', 1).resolve()
    await new Promise((resolve) => {
      setImmediate(resolve)
    })

    expect(found).toHaveProperty('run', 2)
    expect(await load(rig, 'src/b.ts', 'slow')).toBe(found)
  })

  test('does not count a failure that nobody waited for', async () => {
    await using fixture = await createFixture()
    await addPackage(fixture, 'late', waiting('__late'))
    const { rig } = scene(fixture.root)
    const first = load(rig, 'src/a.ts', 'late')
    await vi.waitFor(() => expect(count('__late')).toBe(1))
    await vi.advanceTimersByTimeAsync(10_000)
    await first

    end('__late', 1).reject(new Error('late'))
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    const second = load(rig, 'src/a.ts', 'late')
    await vi.waitFor(() => expect(count('__late')).toBe(2))
    end('__late', 2).resolve()

    expect(await second).toHaveProperty('url', expect.stringMatching(/\?somon=1$/))
  })

  test('runs a package once more at most when what it imports has been slow', async () => {
    await using fixture = await createFixture()
    await addPackage(
      fixture,
      'upper',
      `import './lower.mjs'; ${counted('__upper')}; export const a = 1`,
    )
    await fixture.write('node_modules/upper/lower.mjs', waiting('__lower'))
    const { rig } = scene(fixture.root)
    for (let at = 0; at < 3; at += 1) {
      const loading = load(rig, 'src/a.ts', 'upper')
      await vi.waitFor(() => expect(count('__lower')).toBe(1))
      await vi.advanceTimersByTimeAsync(10_000)
      await loading
    }

    end('__lower', 1).resolve()
    await vi.waitFor(() => expect(count('__upper')).toBeGreaterThan(0))
    const found = await load(rig, 'src/a.ts', 'upper')

    expect(found).toHaveProperty('a', 1)
    expect(count('__upper')).toBeLessThanOrEqual(2)
  })
})

describe('Evaluator.bindImports() of a package above one that failed', () => {
  test('says once that it is stuck, and says so whatever the circuit does', async () => {
    await using fixture = await createFixture()
    await addPackage(fixture, 'above', 'import "./below.mjs"')
    await fixture.write('node_modules/above/below.mjs', 'throw new Error("below")')
    const { rig, stuck, calls } = scene(fixture.root, {
      settings: guardSettings({ consecutive: 2 }),
    })

    const codes: unknown[] = []
    for (let at = 0; at < 4; at += 1) {
      codes.push(((await load(rig, 'src/a.ts', 'above')) as { code: string }).code)
    }
    await load(rig, 'src/b.ts', 'above')

    expect(codes).toEqual([
      'SOMON_EVALUATE_IMPORT_FAILED',
      ...Array.from({ length: 3 }, () => 'SOMON_EVALUATE_IMPORT_STUCK'),
    ])
    expect(calls.slice(0, 4).map((call) => call.split(' ').at(-1))).toEqual([
      ...['failure', 'failure', 'open', 'open'],
    ])
    const told = { dependency: 'module:above@1.2.3', specifier: 'above', attempts: 2 }
    expect(stuck).toEqual([
      { owner: 'src/a.ts', ...told },
      { owner: 'src/b.ts', ...told },
    ])
  })
})
