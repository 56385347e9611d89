import { describe, expect, test } from 'vitest'
import { createFixture } from '../support/fixture.ts'
import { createRig } from './support/evaluator.ts'
import { wrapped } from './support/wrapped.ts'

const ROOT = '/project'

describe('createEvaluator()', () => {
  test('Evaluator.instantiate() registers exports and runs nothing of the module', () => {
    using rig = createRig(ROOT)
    const artifact = wrapped({
      body: 'globalThis.__ran = true; function hoisted() { return 7 }',
      exports: { hoisted: 'hoisted' },
    })

    const generation = rig.evaluator.instantiate({ artifact, number: 1, reloadable: true })

    expect(generation.state).toBe('instantiated')
    expect((generation.namespace as { hoisted: () => number }).hoisted()).toBe(7)
    expect(Reflect.has(globalThis, '__ran')).toBe(false)
  })

  test('Evaluator.execute() makes the exports live and returns nothing without top-level await', () => {
    using rig = createRig(ROOT)
    const artifact = wrapped({
      body: 'let count = 0; function bump() { count += 1 }',
      exports: { count: 'count', bump: 'bump' },
    })
    const generation = rig.evaluator.instantiate({ artifact, number: 1, reloadable: true })
    rig.evaluator.bindImportsSync(generation)

    const running = rig.evaluator.execute(generation)
    const { bump } = generation.namespace as { bump: () => void }
    bump()

    expect(running).toBeUndefined()
    expect(generation.state).toBe('live')
    expect(generation.namespace.count).toBe(1)
  })

  test('Evaluator.execute() runs a generation once', async () => {
    using rig = createRig(ROOT)
    const generation = await rig.start(wrapped({ body: '' }))

    expect(() => rig.evaluator.execute(generation)).toThrow('has already run')
    expect(generation.state).toBe('live')
  })

  test('Evaluator.execute() refuses a generation whose imports are not bound', () => {
    using rig = createRig(ROOT)
    const artifact = wrapped({ body: '', deps: [{ spec: 'node:path' }] })
    const generation = rig.evaluator.instantiate({ artifact, number: 1, reloadable: true })

    expect(() => rig.evaluator.execute(generation)).toThrow('before its imports are bound')
    expect(generation.state).toBe('instantiated')
  })

  test('Evaluator.execute() waits for top-level await', async () => {
    using rig = createRig(ROOT)
    const tla = { file: 'entry.ts', line: 1, column: 1 }
    const artifact = wrapped({
      body: 'let value = await Promise.resolve(3)',
      exports: { value: 'value' },
      tla,
    })

    const generation = await rig.start(artifact)

    expect(generation.namespace.value).toBe(3)
  })

  test('Evaluator.bindImports() hands builtins and externals to the body', async () => {
    await using fixture = await createFixture({
      'node_modules/pkg/package.json': '{"name":"pkg","type":"module","main":"index.js"}',
      'node_modules/pkg/index.js': 'export const answer = 42; export default "d"',
    })
    using rig = createRig(fixture.root)
    const artifact = wrapped({
      body: 'const value = sep + answer + all.default',
      imports: 'sep=$d[0]["sep"],answer=$d[1]["answer"],all=$d[1]',
      exports: { value: 'value' },
      deps: [{ spec: 'node:path', names: ['sep'] }, { spec: 'pkg' }],
    })

    const generation = await rig.start(artifact)

    expect(generation.namespace.value).toBe('/42d')
  })

  test('Evaluator.execute() throws a coded error whose cause is what the module threw', async () => {
    using rig = createRig(ROOT)
    const failed: unknown[] = []
    rig.events.on('evaluate.failed', (event) => failed.push(event.stage))
    const artifact = wrapped({ body: 'throw new TypeError("boom.")' })

    const error = await rig.start(artifact).catch((reason: unknown) => reason)

    expect(error).toMatchObject({
      code: 'SOMON_EVALUATE_FAILED',
      message: 'Cannot evaluate "entry.ts": TypeError: boom',
      cause: expect.any(TypeError) as unknown,
    })
    expect(failed).toEqual(['execute'])
  })

  test('Evaluator.retire() aborts the signal, runs dispose hooks and sweeps timers', async () => {
    using rig = createRig(ROOT)
    const artifact = wrapped({
      body: `
        const hot = $m('entry.ts').hot
        let aborted = false
        hot.signal.addEventListener('abort', () => { aborted = true })
        hot.dispose((data) => { data.left = aborted })
        setInterval(() => {}, 1000)
        setTimeout(() => {}, 100000)`,
    })
    const generation = await rig.start(artifact)

    const report = await rig.evaluator.retire(generation, { drainTimeoutMs: 0 })

    expect(report).toEqual({
      drained: true,
      swept: { timer: 2 },
      left: {},
      hotData: { left: true },
      errors: [],
    })
    expect(generation.state).toBe('retired')
    expect(generation.namespace).toEqual({})
  })
})
