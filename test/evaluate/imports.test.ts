import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Artifact } from '../../src/bundle/artifact.ts'
import { createFixture } from '../support/fixture.ts'
import { createRig, type EvaluatorRig } from './support/evaluator.ts'
import { wrapped } from './support/wrapped.ts'
import { importGuards } from './support/import-guards.ts'
import { type Dep, importing, packages } from './support/importing.ts'

async function bindError(rig: EvaluatorRig, artifact: Artifact): Promise<unknown> {
  return rig.start(artifact).catch((reason: unknown) => reason)
}

/** The same in a process of its own: the test runner's `import()` is not quite Node's. */
async function bindErrorInNode(root: string, dep: NonNullable<Dep>[number]): Promise<unknown> {
  const program = `
    import { createRig } from ${JSON.stringify(join(import.meta.dirname, 'support/evaluator.ts'))}
    import { wrapped } from ${JSON.stringify(join(import.meta.dirname, 'support/wrapped.ts'))}
    const rig = createRig(${JSON.stringify(root)})
    const artifact = wrapped({ body: '', deps: [${JSON.stringify(dep)}] })
    const error = await rig.start(artifact).catch((reason) => reason)
    process.stdout.write(JSON.stringify(error))`
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=somon-source',
    '--input-type=module',
    '--eval',
    program,
  ])
  return JSON.parse(stdout) as unknown
}

describe('Evaluator.bindImports()', () => {
  test('imports an external once for all modules of a system', async () => {
    await using fixture = await packages({
      'one/package.json': '{"name":"one","main":"index.mjs"}',
      'one/index.mjs': 'globalThis.__ones = (globalThis.__ones ?? 0) + 1; export const a = 1',
    })
    using rig = createRig(fixture.root)

    const [first, second] = await Promise.all([
      rig.start(importing({ spec: 'one' })),
      rig.start(importing({ spec: 'one' })),
    ])

    expect(first.namespace.dep).toBe(second.namespace.dep)
    expect(Reflect.get(globalThis, '__ones')).toBe(1)
  })

  test('resolves from the source file that imports', async () => {
    await using fixture = await createFixture({
      'node_modules/where/package.json': '{"name":"where","main":"index.mjs"}',
      'node_modules/where/index.mjs': 'export const at = "root"',
      'deep/node_modules/where/package.json': '{"name":"where","main":"index.mjs"}',
      'deep/node_modules/where/index.mjs': 'export const at = "deep"',
    })
    using rig = createRig(fixture.root)

    const generation = await rig.start(importing({ spec: 'where', importers: ['deep/a.ts'] }))

    expect((generation.namespace.dep as { at: string }).at).toBe('deep')
  })

  test('names the nearest export when one is missing, and runs nothing', async () => {
    using rig = createRig('/project')
    const artifact = wrapped({
      body: 'globalThis.__ran = true',
      deps: [{ spec: 'node:path', names: ['dirnme'] }],
    })

    const error = await bindError(rig, artifact)

    expect(error).toMatchObject({
      code: 'SOMON_EVALUATE_MISSING_EXPORT',
      fix: 'Import "dirname" instead',
      data: { name: 'dirnme', nearest: 'dirname', onDefault: false },
    })
    expect(Reflect.has(globalThis, '__ran')).toBe(false)
  })

  test('shows where an import stands that cannot be bound', async () => {
    await using fixture = await packages({ 'one/index.js': 'exports.a = 1' })
    await fixture.write('src/main.ts', "import { a } from 'one'\nimport {\n  b,\n} from 'none'\n")
    using rig = createRig(fixture.root)
    const dep = { importers: ['src/main.ts'] }

    const missing = await bindError(rig, importing({ ...dep, spec: 'none' }))
    const unnamed = await bindError(rig, importing({ ...dep, spec: 'one', names: ['b'] }))

    expect(missing).toMatchObject({
      code: 'SOMON_EVALUATE_IMPORT_FAILED',
      location: { file: 'src/main.ts', line: 4, column: 8, length: 6 },
      frame: expect.stringContaining("> 4 | } from 'none'"),
    })
    expect(unnamed).toMatchObject({
      code: 'SOMON_EVALUATE_MISSING_EXPORT',
      location: { file: 'src/main.ts', line: 1, column: 19 },
    })
  })

  test('shows the way through the default export of a CommonJS package', async () => {
    await using fixture = await packages({
      'cjs/package.json': '{"name":"cjs"}',
      'cjs/index.js': 'const all = {}; all["par" + "se"] = () => {}; module.exports = all',
    })

    const error = await bindErrorInNode(fixture.root, { spec: 'cjs', names: ['parse'] })

    expect(error).toMatchObject({
      code: 'SOMON_EVALUATE_MISSING_EXPORT',
      fix: 'Write: import all from "cjs"; const { parse } = all',
    })
  })

  test('points at loading.inline for a package that ships TypeScript', async () => {
    await using fixture = await packages({
      'typed/package.json': '{"name":"typed","main":"index.ts","type":"module"}',
      'typed/index.ts': 'export const a: number = 1',
    })

    const error = await bindErrorInNode(fixture.root, { spec: 'typed' })

    expect(error).toMatchObject({
      code: 'SOMON_EVALUATE_IMPORT_TYPESCRIPT',
      fix: 'Add "typed" to loading.inline',
    })
  })

  test('passes import attributes on', async () => {
    await using fixture = await packages({ 'data/x.json': '{"a":1}' })
    using rig = createRig(fixture.root)

    const generation = await rig.start(
      importing({ spec: 'data/x.json', attributes: { type: 'json' } }),
    )

    expect((generation.namespace.dep as { default: unknown }).default).toEqual({ a: 1 })
  })

  test('re-exports what `export *` of an external exports', async () => {
    await using fixture = await packages({
      'stars/package.json': '{"name":"stars","main":"index.mjs"}',
      'stars/index.mjs': 'export let n = 0; export const up = () => { n += 1 }; export default 1',
    })
    using rig = createRig(fixture.root)

    const generation = await rig.start(wrapped({ body: '', stars: [0], deps: [{ spec: 'stars' }] }))
    const { up } = generation.namespace as { up: () => void }
    up()

    expect({ ...generation.namespace }).toEqual({ n: 1, up })
  })

  test('tries a failed external again under a fresh URL', async () => {
    await using fixture = await packages({
      'flaky/package.json': '{"name":"flaky","main":"index.mjs"}',
      'flaky/index.mjs':
        'globalThis.__tries = (globalThis.__tries ?? 0) + 1; if (globalThis.__tries < 3) throw new Error("down"); export const up = globalThis.__tries',
    })
    using rig = createRig(fixture.root)
    const artifact = importing({ spec: 'flaky', names: ['up'] })

    const failures = [await bindError(rig, artifact), await bindError(rig, artifact)]
    const generation = await rig.start(artifact)

    expect(failures).toEqual([
      expect.objectContaining({ code: 'SOMON_EVALUATE_IMPORT_FAILED' }),
      expect.objectContaining({ code: 'SOMON_EVALUATE_IMPORT_FAILED' }),
    ])
    expect((generation.namespace.dep as { up: number }).up).toBe(3)
  })

  test('gives up on an external with its ninth failure', async () => {
    await using fixture = await packages({
      'down/package.json': '{"name":"down","main":"index.mjs"}',
      'down/index.mjs':
        'globalThis.__downs = (globalThis.__downs ?? 0) + 1; throw new Error("down")',
    })
    using rig = createRig(fixture.root)
    const codes: unknown[] = []

    for (let attempt = 0; attempt < 10; attempt += 1) {
      const error = await bindError(rig, importing({ spec: 'down' }))
      codes.push((error as { code: string }).code)
    }

    expect(codes).toEqual([
      ...Array.from({ length: 8 }, () => 'SOMON_EVALUATE_IMPORT_FAILED'),
      ...['SOMON_EVALUATE_IMPORT_STUCK', 'SOMON_EVALUATE_IMPORT_STUCK'],
    ])
    expect(Reflect.get(globalThis, '__downs')).toBe(9)
  })

  test('counts the attempts that were made, however often it is asked again', async () => {
    await using fixture = await packages({
      'above/package.json': '{"name":"above","main":"index.mjs"}',
      'above/index.mjs': 'import "./below.mjs"',
      'above/below.mjs': 'throw new Error("below")',
    })
    using rig = createRig(fixture.root)
    const counted: unknown[] = []

    for (let attempt = 0; attempt < 4; attempt += 1) {
      const error = await bindError(rig, importing({ spec: 'above' }))
      counted.push((error as { data: { attempts?: number } }).data.attempts)
    }

    expect(counted).toEqual([undefined, 2, 2, 2])
  })
})

describe('Evaluator.bindImports() with a signal', () => {
  test('stops waiting when it aborts, and others go on', async () => {
    await using fixture = await packages({ 'slow/index.js': 'exports.a = 1' })
    const gate = Promise.withResolvers<void>()
    using rig = createRig(fixture.root, {
      guards: importGuards({
        run: async (load) => {
          await gate.promise
          return load(new AbortController().signal)
        },
      }),
    })
    const failed: unknown[] = []
    rig.events.on('evaluate.failed', (event) => failed.push(event))
    const artifact = importing({ spec: 'slow', names: ['a'] })
    const controller = new AbortController()
    const [first, second] = [1, 2].map((number) =>
      rig.evaluator.instantiate({ artifact, number, reloadable: true }),
    )
    if (first === undefined || second === undefined) throw new Error('two generations are needed')
    const aborted = rig.evaluator.bindImports(first, controller.signal)
    const waiting = rig.evaluator.bindImports(second)

    controller.abort(new Error('enough'))
    await expect(aborted).rejects.toThrow('enough')
    gate.resolve()
    await waiting

    expect(failed).toEqual([])
  })
})
