import { describe, expect, test } from 'vitest'
import type { RetireReport } from '../../src/evaluate/generation.ts'
import type { ReloadReport } from '../../src/module/reload-report.ts'
import type { Module } from '../../src/module/module.ts'
import { ModuleSystem } from '../../src/system/module-system.ts'
import { createFixture } from '../support/fixture.ts'

interface Versioned {
  readonly version: number
}

const failures = [
  { kind: 'a syntax error', code: 'export const version =', stage: 'build' },
  {
    kind: 'a missing import',
    code: `import './gone.ts'\nexport const version = 2`,
    stage: 'build',
  },
  {
    kind: 'a missing export of a builtin',
    code: `import { nope } from 'node:path'\nexport const version = nope`,
    stage: 'bind',
  },
  { kind: 'a throw at the top level', code: `throw new Error('no')`, stage: 'execute' },
  {
    kind: 'a rejected top-level await',
    code: `export const version = 2\nawait Promise.reject(new Error('late'))`,
    stage: 'execute',
  },
  {
    kind: 'an endless top-level await',
    code: `export const version = 2\nawait new Promise(() => {})`,
    stage: 'execute',
  },
  { kind: 'a rejected check', code: `export const version = -1`, stage: 'verify' },
] as const

describe('Module.reload()', () => {
  test('replaces the exports of the same module', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const version = 1' })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<Versioned>('./main.ts')
    await fixture.write('main.ts', 'export const version = 2')

    const report = await module.reload()

    expect(report).toMatchObject({ outcome: 'reloaded', from: 1, to: 2, order: 'overlapping' })
    expect(module.exports.version).toBe(2)
    expect(await system.load('./main.ts')).toBe(module)
  })

  test.each(failures)('keeps the old code after $kind and heals', async ({ code, stage }) => {
    await using fixture = await createFixture({ 'main.ts': 'export const version = 1' })
    await using system = new ModuleSystem({
      root: fixture.root,
      loading: { evaluateTimeoutMs: 100 },
      plugins: [{ name: 'no-negative', somon: { verify: rejectNegative } }],
    })
    const module = await system.load<Versioned>('./main.ts')
    await fixture.write('main.ts', code)

    const failed = await module.reload()
    const served = module.exports.version
    await fixture.write('main.ts', 'export const version = 3')
    const healed = await module.reload()

    expect(failed).toMatchObject({ outcome: 'failed', stage, generation: 1 })
    expect(served).toBe(1)
    expect(healed.outcome).toBe('healed')
    expect(module.exports.version).toBe(3)
  })

  test('heals when the missing file appears', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const version = 1' })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<Versioned>('./main.ts')
    await fixture.write('main.ts', `export { version } from './next.ts'`)
    const failed = await module.reload()
    await fixture.write('next.ts', 'export const version = 2')

    const healed = await module.reload()

    expect(failed.outcome).toBe('failed')
    expect(healed.outcome).toBe('healed')
    expect(module.exports.version).toBe(2)
  })

  test('makes no generation for a comment or a type', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const version = 1' })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<Versioned>('./main.ts')
    await fixture.write('main.ts', '// a comment\ntype A = 1\nexport const version: number = 1')

    const report = await module.reload()

    expect(report).toEqual({ outcome: 'unchanged', module: 'main.ts', generation: 1 })
  })

  test('lets a newer reload supersede an older one', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const version = 1' })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<Versioned>('./main.ts')
    const key = `somonTest${process.hrtime.bigint()}`
    const waiting = `globalThis.${key} = 1\nawait new Promise(() => {})\nexport const version = 2`
    await fixture.write('main.ts', waiting)
    const older = module.reload()
    while (Reflect.get(globalThis, key) === undefined) await new Promise(setImmediate)
    Reflect.deleteProperty(globalThis, key)
    await fixture.write('main.ts', 'export const version = 3')

    const newer = await module.reload()

    expect((await older).outcome).toBe('superseded')
    expect(newer).toMatchObject({ outcome: 'reloaded' })
    expect(module.exports.version).toBe(3)
  })

  test('hands the data of dispose hooks to the successor and aborts the signal', async () => {
    await using fixture = await createFixture({ 'main.ts': hotModule(1) })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<{ read(): unknown; signal: AbortSignal }>('./main.ts')
    const { signal } = module.exports
    await fixture.write('main.ts', hotModule(2))

    const report = await module.reload()
    await retirement(report)

    expect(module.exports.read()).toBe('left by 1')
    expect(signal.aborted).toBe(true)
  })

  test('drains open leases before it ends the old generation', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const version = 1' })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<Versioned>('./main.ts')
    const release = Promise.withResolvers<void>()
    const used = module.use(async (exports) => {
      await release.promise
      return exports.version
    })
    await fixture.write('main.ts', 'export const version = 2')

    const report = await module.reload()
    const servedMeanwhile = module.exports.version
    release.resolve()

    expect(servedMeanwhile).toBe(2)
    expect(await used).toBe(1)
    expect(await retirement(report)).toMatchObject({ drained: true })
  })

  test('replaces a module that listens in exclusive order, on the same port', async () => {
    await using fixture = await createFixture({ 'main.ts': server(0, 1) })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<{ port: number; version: number }>('./main.ts')
    const { port } = module.exports
    await fixture.write('main.ts', server(port, 2))

    const report = await module.reload()

    expect(report).toMatchObject({ outcome: 'reloaded', order: 'exclusive' })
    expect(module.exports).toMatchObject({ port, version: 2 })
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('2')
  })

  test('evaluates the old code again when an exclusive reload fails', async () => {
    await using fixture = await createFixture({ 'main.ts': server(0, 1) })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<{ port: number; version: number }>('./main.ts')
    await fixture.write('main.ts', `throw new Error('no')`)

    const report = await module.reload()

    expect(report).toMatchObject({ outcome: 'failed', stage: 'execute' })
    expect(module.exports.version).toBe(1)
    expect(await (await fetch(`http://127.0.0.1:${module.exports.port}`)).text()).toBe('1')
  })

  test('lets calls wait while an exclusive reload is between old and new code', async () => {
    await using fixture = await createFixture({ 'main.ts': server(0, 1) })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<{ version: number }>('./main.ts')
    await fixture.write('main.ts', server(0, 2))

    const reload = module.reload()
    const seen: number[] = []
    const ended = new AbortController()
    const ends = reload.then(() => ended.abort())
    while (!ended.signal.aborted) {
      seen.push(await module.use(({ version }) => version))
      await new Promise(setImmediate)
    }

    await ends
    seen.push(await module.use(({ version }) => version))
    expect(await reload).toMatchObject({ outcome: 'reloaded', order: 'exclusive' })
    expect(new Set(seen)).toEqual(new Set([1, 2]))
  })

  test('survives a plugin whose retire hook throws', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const version = 1' })
    await using system = new ModuleSystem({
      root: fixture.root,
      plugins: [
        {
          name: 'faulty',
          somon: {
            retire() {
              throw new Error('retire fails')
            },
          },
        },
      ],
    })
    const told: string[] = []
    system.on('plugin.failed', ({ plugin, hook }) => told.push(`${plugin} ${hook}`))
    const module = await system.load<Versioned>('./main.ts')
    await fixture.write('main.ts', 'export const version = 2')

    const report = await module.reload()

    expect(await retirement(report)).toMatchObject({ drained: true })
    expect(told).toEqual(['faulty retire'])
  })

  test('says when the old code fails as well, and starts it at the next reload', async () => {
    const key = `somonTest${process.hrtime.bigint()}`
    const once = `if (globalThis.${key} === 1) throw new Error('port taken')\n`
    await using fixture = await createFixture({ 'main.ts': once + server(0, 1) })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<{ port: number }>('./main.ts')
    Reflect.set(globalThis, key, 1)
    await fixture.write('main.ts', `throw new Error('no')`)

    const failed = await module.reload()
    Reflect.deleteProperty(globalThis, key)
    await fixture.write('main.ts', once + server(0, 1))
    const healed = await module.reload()

    expect(failed).toMatchObject({ error: { code: 'SOMON_MODULE_RESTORE_FAILED' } })
    expect(healed.outcome).toBe('healed')
    expect(await (await fetch(`http://127.0.0.1:${module.exports.port}`)).text()).toBe('1')
  })

  test('serves every call during 200 reloads of which a third fail', async () => {
    await using fixture = await createFixture({ 'main.ts': counted(0) })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<{ call(): Promise<number> }>('./main.ts')
    const load = keepCalling(module)

    const outcomes = new Map<string, number>()
    for (let round = 1; round <= 200; round += 1) {
      await fixture.write('main.ts', round % 3 === 0 ? faulty(round) : counted(round))
      const { outcome } = await module.reload()
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1)
    }
    const { calls, errors } = await load.stop()

    expect(errors).toEqual([])
    expect(calls).toBeGreaterThan(200)
    expect(outcomes.get('failed')).toBe(66)
    expect((outcomes.get('reloaded') ?? 0) + (outcomes.get('healed') ?? 0)).toBe(134)
  })
})

function retirement(report: ReloadReport): Promise<RetireReport> | undefined {
  return 'retired' in report ? report.retired : undefined
}

function rejectNegative(exports: Readonly<Record<string, unknown>>): void {
  if (Number(exports.version) < 0) throw new Error('negative')
}

function hotModule(version: number): string {
  return `
    const hot = import.meta.hot
    hot.dispose((data) => { data.left = 'left by ${version}' })
    export const signal = hot.signal
    export const read = () => hot.data.left`
}

function server(port: number, version: number): string {
  return `
    import { createServer } from 'node:http'
    import { once } from 'node:events'
    const server = createServer((_, response) => response.end('${version}')).listen(${port}, '127.0.0.1')
    await once(server, 'listening')
    export const port = server.address().port
    export const version = ${version}`
}

function counted(round: number): string {
  return `export const call = async () => { await null; return ${round} }`
}

function faulty(round: number): string {
  return round % 2 === 0 ? `throw new Error('round ${round}')` : `export const call = (`
}

function keepCalling(module: Module<{ call(): Promise<number> }>) {
  const errors: unknown[] = []
  let calls = 0
  const stopping = new AbortController()
  const loop = (async () => {
    while (!stopping.signal.aborted) {
      try {
        await module.use((exports) => exports.call())
        calls += 1
      } catch (error) {
        errors.push(error)
      }
      await new Promise(setImmediate)
    }
  })()
  return {
    async stop() {
      stopping.abort()
      await loop
      return { calls, errors }
    },
  }
}
