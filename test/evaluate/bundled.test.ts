import { describe, expect, test } from 'vitest'
import type { SomonError } from '../../src/base/error.ts'
import type { Generation, InstantiateRequest } from '../../src/evaluate/generation.ts'
import type { EvaluatorParts } from '../../src/evaluate/evaluator.ts'
import { createFixture } from '../support/fixture.ts'
import { build } from './support/built.ts'
import { createRig, type EvaluatorRig } from './support/evaluator.ts'

type Files = Readonly<Record<string, string>>

interface Run extends AsyncDisposable {
  readonly root: string
  readonly rig: EvaluatorRig
  start(request?: Partial<InstantiateRequest>): Promise<Generation>
}

/** Builds the first file with the real bundler; `start` runs what came out. */
async function prepare(files: Files, overrides: Partial<EvaluatorParts> = {}): Promise<Run> {
  const fixture = await createFixture(files)
  const { artifact, map, resolver } = await build(fixture.root, Object.keys(files)[0] ?? '')
  const rig = createRig(fixture.root, {
    resolve: (...args) => resolver.resolve(...args),
    ...overrides,
  })
  rig.maps.set(artifact.id, map)
  return {
    root: fixture.root,
    rig,
    start: (request) => rig.start(artifact, request),
    async [Symbol.asyncDispose]() {
      rig[Symbol.dispose]()
      await fixture[Symbol.asyncDispose]()
    },
  }
}

describe('an artifact of the real bundler', () => {
  test.each([
    ['by their names', ['typeof setTimeout', 'typeof clearImmediate', 'typeof require.resolve']],
    [
      'by escaped names',
      [
        String.raw`typeof s\u0065tTimeout`,
        String.raw`typeof clearImmedi\u0061te`,
        String.raw`typeof requir\u0065.resolve`,
      ],
    ],
    [
      'through eval',
      [
        'eval(["typeof setTime", "out"].join(""))',
        'eval(["typeof clearImmed", "iate"].join(""))',
        'eval(["typeof requ", "ire.resolve"].join(""))',
      ],
    ],
  ])('finds its own timers and require %s', async (_how, kinds) => {
    await using run = await prepare({ 'src/main.ts': `export const kinds = [${kinds.join()}]` })

    const { namespace } = await run.start()

    expect(namespace['kinds']).toEqual(['function', 'function', 'function'])
  })

  test('binds default, named, renamed, namespace and string-named imports', async () => {
    await using run = await prepare({
      'src/main.ts': `
        import path, { join, sep as separator } from 'node:path'
        import * as all from 'pkg'
        import one, { two as deux, 'string name' as named } from 'pkg'
        export const result = [path.join === join, separator, all.default, one, deux, named]
        export { two as 'exported name' } from 'pkg'
        export * from 'pkg'`,
      'node_modules/pkg/package.json': '{"name":"pkg","type":"module","main":"index.js"}',
      'node_modules/pkg/index.js':
        'export default 1; export const two = 2; const n = 3; export { n as "string name" }',
    })

    const { namespace } = await run.start()

    expect({ ...namespace }).toEqual({
      result: [true, '/', 1, 1, 2, 3],
      'exported name': 2,
      two: 2,
      'string name': 3,
    })
  })

  test('exports a default expression, classes and mutable bindings', async () => {
    await using run = await prepare({
      'src/main.ts': `
        export default [1, 2].map((x: number) => x * 2)
        export let count = 0
        export class Counter { up() { count += 1 } }`,
    })

    const { namespace } = await run.start()
    new (namespace.Counter as new () => { up(): void })().up()

    expect(namespace.default).toEqual([2, 4])
    expect(namespace.count).toBe(1)
  })

  test('runs CommonJS sources with require of the entry', async () => {
    await using run = await prepare({
      'src/main.ts':
        "import legacy from './legacy.cjs'\nexport const result = legacy.join('a', 'b')",
      'src/legacy.cjs': "const { join } = require('node:path')\nmodule.exports = { join }",
    })

    const { namespace } = await run.start()

    expect(namespace.result).toBe('a/b')
  })

  test('waits for top-level await of a module below the entry', async () => {
    await using run = await prepare({
      'src/main.ts': "import { value } from './slow.ts'\nexport const doubled = value * 2",
      'src/slow.ts': 'export const value = await Promise.resolve(21)',
    })

    const { namespace } = await run.start()

    expect(namespace.doubled).toBe(42)
  })

  test('gives each source its own import.meta, and plugins and hot with it', async () => {
    await using run = await prepare(
      {
        'src/main.ts': `
          export { deep } from './deep/inner.ts'
          export const own = import.meta
          export const text = 'import.meta.url'`,
        'src/deep/inner.ts': 'export const deep = import.meta',
      },
      { extendMeta: (meta) => Object.assign(meta, { env: 'added' }) },
    )

    const { namespace } = await run.start({ main: true, hotData: { kept: 1 } })
    const { own, deep } = namespace as Record<string, Record<string, unknown>>

    expect(own).toMatchObject({ filename: `${run.root}/src/main.ts`, main: true, env: 'added' })
    expect(deep).toMatchObject({ filename: `${run.root}/src/deep/inner.ts`, main: false })
    expect(own?.hot).toMatchObject({ data: { kept: 1 } })
    expect(namespace.text).toBe('import.meta.url')
  })

  test('leaves import(expression) to the host, from the file it stands in', async () => {
    const asked: unknown[] = []
    await using run = await prepare(
      {
        'src/main.ts': "export { load } from './deep/loader.ts'",
        'src/deep/loader.ts': 'export const load = (name: string) => import(name)',
        'src/deep/later.ts': '',
      },
      {
        importSource: async ({ file, importer }) => {
          asked.push([file, importer])
          return { late: true }
        },
      },
    )

    const { namespace } = await run.start()
    const loaded = await (namespace as { load(name: string): Promise<unknown> }).load('./later.ts')

    expect(loaded).toEqual({ late: true })
    expect(asked).toEqual([[`${run.root}/src/deep/later.ts`, 'src/deep/loader.ts']])
  })

  test('lets user code take the names of the wrapper', async () => {
    await using run = await prepare({
      'src/main.ts': `
        const require = 1, setTimeout = 2, $s = 3, $d = 4, $m = 5, $i0 = 6
        export const all = [require, setTimeout, $s, $d, $m, $i0]
        export const load = (name: string) => import(name)`,
    })

    const { namespace } = await run.start()
    const path = await (namespace as { load(name: string): Promise<unknown> }).load('node:path')

    expect(namespace.all).toEqual([1, 2, 3, 4, 5, 6])
    expect(path).toHaveProperty('join')
  })

  test('maps stacks to exact positions, on line 1 and behind blanked imports too', async () => {
    await using run = await prepare({
      'src/main.ts':
        "import { sep } from 'node:path'; export const first = () => { throw new Error(sep) }\nimport { inner } from './inner.ts'\n\nexport const second = (): void => { inner(1) }",
      'src/inner.ts':
        'type Unused = string\n\nexport function inner(x: number): never {\n  throw new RangeError(`no ${x}`)\n}\n',
    })
    const { namespace } = await run.start()
    const stackOf = (name: string): string | undefined => {
      try {
        ;(namespace[name] as () => void)()
      } catch (error) {
        return (error as Error).stack
      }
      return undefined
    }

    expect(stackOf('first')).toContain(`first (${run.root}/src/main.ts:1:69)`)
    expect(stackOf('second')).toContain(`inner (${run.root}/src/inner.ts:4:9)`)
    expect(stackOf('second')).toContain(`second (${run.root}/src/main.ts:4:37)`)
  })

  test('shows where its top level threw', async () => {
    await using run = await prepare({
      'src/main.ts': "import './setup.ts'",
      'src/setup.ts': 'const list: number[] = []\nlist[0].toFixed()\n',
    })

    const error = await run.start().catch((reason: unknown) => reason as SomonError)

    expect(error).toMatchObject({
      code: 'SOMON_EVALUATE_FAILED',
      location: { file: 'src/setup.ts', line: 2, column: 9 },
    })
    expect((error as SomonError).frame).toContain('> 2 | list[0].toFixed()')
  })

  test('owns what its sources start', async () => {
    await using run = await prepare({
      'src/main.ts':
        "import { createServer } from 'node:http'\nexport const server = createServer().listen(0, '127.0.0.1')\nsetInterval(() => {}, 1000)",
    })
    const generation = await run.start()
    const { listens } = generation

    const report = await run.rig.evaluator.retire(generation, { drainTimeoutMs: 0 })

    expect(listens).toBe(true)
    expect(report.swept).toEqual({ server: 1, timer: 1 })
  })

  test('runs from its code cache with the same result', async () => {
    await using run = await prepare({ 'src/main.ts': 'export const run = () => [1, 2, 3].length' })
    const used: string[] = []
    run.rig.events.on('evaluate.finished', (event) => used.push(event.codeCache))
    const first = await run.start()

    const second = await run.start({ codeCache: run.rig.evaluator.createCodeCache(first) })

    expect((second.namespace as { run(): number }).run()).toBe(3)
    expect(used).toEqual(['none', 'used'])
  })
})
