/** What a project shows while modules live: generations, systems and threads side by side. */
import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { ModuleSystem } from '../../src/system/module-system.ts'
import { createFixture } from '../support/fixture.ts'

const loading = { sourceMaps: 'eager' } as const

interface Failing {
  readonly fail: () => never
}

describe('stacks', () => {
  test('of two generations at once lead to the lines of each', async () => {
    await using fixture = await createFixture({ 'main.ts': failingOnLine(1) })
    await using system = new ModuleSystem({ root: fixture.root, loading })
    const module = await system.load<Failing>('./main.ts')
    const old = module.exports.fail
    // A map reaches the disk in the background; one that has been read stays at hand.
    const before = frameOf(old)
    await fixture.write('main.ts', failingOnLine(3))

    await module.reload()

    expect(frameOf(old)).toBe(before)
    expect(before).toBe(`    at fail (${fixture.path('main.ts')}:1:39)`)
    expect(frameOf(module.exports.fail)).toBe(`    at fail (${fixture.path('main.ts')}:3:39)`)
  })

  test('of two systems in one process are mapped, also after the first has ended', async () => {
    await using fixture = await createFixture({ 'main.ts': failingOnLine(2) })
    const first = new ModuleSystem({ root: fixture.root, loading })
    await using second = new ModuleSystem({ root: fixture.root, loading })
    const one = await first.load<Failing>('./main.ts')
    const other = await second.load<Failing>('./main.ts')

    const before = [frameOf(one.exports.fail), frameOf(other.exports.fail)]
    await first.shutdown()

    expect(one).not.toBe(other)
    expect(new Set([...before, frameOf(other.exports.fail)])).toEqual(
      new Set([`    at fail (${fixture.path('main.ts')}:2:39)`]),
    )
  })

  test('reach a handler of the user mapped, and leave it in place', async () => {
    await using fixture = await createFixture({
      'main.ts': `${failingOnLine(2)}
        Error.prepareStackTrace = (error, sites) =>
          'mine\\n' + sites[0].getFileName() + ':' + sites[0].getLineNumber()`,
    })
    const before: unknown = Reflect.get(Error, 'prepareStackTrace')
    const system = new ModuleSystem({ root: fixture.root, loading })
    const { exports } = await system.load<Failing>('./main.ts')
    const fail = exports.fail
    const users: unknown = Reflect.get(Error, 'prepareStackTrace')

    const frame = frameOf(fail)
    await system.shutdown()
    const after: unknown = Reflect.get(Error, 'prepareStackTrace')
    Reflect.set(Error, 'prepareStackTrace', before)

    expect(frame).toMatch(/main\.ts(?:\?g=1)?:\d+$/)
    expect(after).toBe(users)
  })
})

describe('a worker thread', () => {
  test('loads TypeScript with stacks of its own', async () => {
    await using fixture = await createFixture({
      'main.ts': `export const n: number = 1\n${failingOnLine(1)}`,
    })
    const file = join(import.meta.dirname, 'support', 'load-in-worker.ts')
    const worker = new Worker(file, {
      workerData: fixture.root,
      execArgv: ['--conditions=somon-source', '--no-warnings'],
    })

    const [message] = (await once(worker, 'message')) as [unknown]
    await once(worker, 'exit')

    expect(message).toEqual({
      n: 1,
      stack: `    at fail (${fixture.path('main.ts')}:2:39)`,
    })
  })
})

describe('import.meta.hot', () => {
  test('runs dispose hooks in order and hands one object on', async () => {
    await using fixture = await createFixture({ 'main.ts': hotModule('a') })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<{ seen(): unknown }>('./main.ts')
    const first = module.exports.seen()
    await fixture.write('main.ts', hotModule('b'))

    const report = await module.reload()
    if ('retired' in report) await report.retired

    expect(first).toBeUndefined()
    expect(module.exports.seen()).toEqual(['a first', 'a second'])
  })

  test('reloads the module that invalidates itself', async () => {
    await using fixture = await createFixture({
      'main.ts': `import { n } from './n.ts'
        export { n }
        export const again = () => import.meta.hot.invalidate()`,
      'n.ts': 'export const n = 1',
    })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<{ n: number; again(): void }>('./main.ts')
    await fixture.write('n.ts', 'export const n = 2')
    const reloaded = new Promise((resolve) => void module.on('reloaded', resolve))

    module.exports.again()
    await reloaded

    expect(module.exports.n).toBe(2)
  })

  test('stays text in a CommonJS source', async () => {
    await using fixture = await createFixture({
      'main.ts': `import legacy from './legacy.cjs'
        export const kinds = [typeof import.meta.hot, legacy.text]`,
      'legacy.cjs': "exports.text = 'import.meta.hot'",
    })
    await using system = new ModuleSystem({ root: fixture.root })

    const { exports } = await system.load('./main.ts')

    expect(exports.kinds).toEqual(['object', 'import.meta.hot'])
  })
})

/** A module whose `fail` throws on the given line, behind types that the build removes. */
function failingOnLine(line: number): string {
  const types = 'type Gone = string\n'.repeat(line - 1)
  return `${types}export function fail(): never { throw new Error('on line ${line}') }`
}

function frameOf(run: () => never): string | undefined {
  try {
    return run()
  } catch (error) {
    return (error as Error).stack?.split('\n')[1]
  }
}

function hotModule(name: string): string {
  return `
    const { hot } = import.meta
    hot.dispose((data) => { data.order = ['${name} first'] })
    hot.dispose(async (data) => { data.order.push('${name} second') })
    export const seen = () => hot.data.order`
}
