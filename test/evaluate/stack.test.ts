import { afterEach, describe, expect, test } from 'vitest'
import { createRig, type EvaluatorRig } from './support/evaluator.ts'
import { identityMap, sourceMap, wrapped } from './support/wrapped.ts'

const ROOT = '/project'
const before: unknown = Reflect.get(Error, 'prepareStackTrace')

afterEach(() => {
  Reflect.set(Error, 'prepareStackTrace', before)
})

/** Starts a module whose text stands `shift` lines lower in `src/<name>.ts`. */
async function startShifted(
  rig: EvaluatorRig,
  name: string,
  body: string,
  shift: number,
): Promise<Record<string, (...args: unknown[]) => unknown>> {
  const artifact = wrapped({ body, exports: { run: 'run' } })
  rig.maps.set(artifact.id, identityMap(`src/${name}.ts`, body.split('\n').length, shift))
  const generation = await rig.start(artifact)
  return generation.namespace as Record<string, (...args: unknown[]) => unknown>
}

function throwing(text: string): string {
  return `function run() {\nthrow new Error("${text}")\n}`
}

function mine(): string {
  return 'mine'
}

function thrownBy(fn: () => unknown): Error {
  try {
    fn()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('nothing was thrown')
}

describe('Stacks', () => {
  test('stack of an error shows the sources and keeps the names around them', async () => {
    using rig = createRig(ROOT)
    const module = await startShifted(
      rig,
      'a',
      'class Box {\nconstructor() {\nthrow new Error("no")\n} }\nfunction run() {\nnew Box()\n}',
      10,
    )

    const error = thrownBy(() => module.run?.())

    expect(error.stack?.split('\n').slice(0, 3)).toEqual([
      'Error: no',
      '    at new Box (/project/src/a.ts:13:1)',
      '    at Module.run (/project/src/a.ts:16:1)',
    ])
  })

  test('stack positions on line 1 are not moved by the head of the wrapper', async () => {
    using rig = createRig(ROOT)
    const body = 'function run() { throw new Error("x") }'
    const artifact = wrapped({ body, exports: { run: 'run' } })
    rig.maps.set(
      artifact.id,
      sourceMap(
        ['a.ts'],
        [
          [
            [0, 0, 0, 0],
            [17, 0, 0, 17],
            [23, 0, 7, 4],
            [35, 0, 99, 0],
          ],
        ],
      ),
    )
    const generation = await rig.start(artifact)

    const error = thrownBy(generation.namespace.run as () => void)

    expect(error.stack).toContain('(/project/a.ts:8:5)')
  })

  test('async frames are mapped and stay marked as such', async () => {
    using rig = createRig(ROOT)
    const module = await startShifted(
      rig,
      'a',
      'async function inner() {\nawait null\nthrow new Error("late")\n}\nasync function run() {\nawait inner()\n}',
      20,
    )

    const error = await Promise.resolve(module.run?.()).catch((reason: unknown) => reason)

    expect((error as Error).stack).toContain('at inner (/project/src/a.ts:23:1)')
    expect((error as Error).stack).toContain('at async Module.run (/project/src/a.ts:26:1)')
  })

  test('two generations of one entry map with their own maps at once', async () => {
    using rig = createRig(ROOT)
    const old = await startShifted(rig, 'old', throwing('1'), 100)
    const young = await startShifted(rig, 'young', throwing('2'), 200)

    const stacks = [thrownBy(() => old.run?.()), thrownBy(() => young.run?.())].map((e) => e.stack)

    expect(stacks[0]).toContain('/project/src/old.ts:102:1')
    expect(stacks[1]).toContain('/project/src/young.ts:202:1')
  })

  test('two systems map the frames of one stack each with its own maps', async () => {
    using one = createRig('/one')
    using two = createRig('/two')
    const outer = await startShifted(one, 'outer', 'function run(fn) {\nfn()\n}', 10)
    const inner = await startShifted(two, 'inner', 'function run() {\nthrow new Error("x")\n}', 20)

    const { stack } = thrownBy(() => outer.run?.(inner.run))

    expect(stack).toContain('/two/src/inner.ts:22:1')
    expect(stack).toContain('/one/src/outer.ts:12:1')
  })

  test('a handler that was there before gets call sites of the sources', async () => {
    Error.prepareStackTrace = (_error, sites) =>
      sites.slice(0, 1).map((s) => [s.getFunctionName(), s.getFileName(), s.getLineNumber()])
    using rig = createRig(ROOT)
    const module = await startShifted(rig, 'a', 'function run() {\nthrow new Error("x")\n}', 5)

    const error = thrownBy(() => module.run?.())

    expect(error.stack).toEqual([['run', '/project/src/a.ts', 7]])
  })

  test('a handler set later by the user wins, and close() leaves it alone', async () => {
    using rig = createRig(ROOT)
    const module = await startShifted(rig, 'a', 'function run() {\nthrow new Error("x")\n}', 5)
    Error.prepareStackTrace = mine

    const { stack } = thrownBy(() => module.run?.())
    rig.evaluator.close()

    expect(stack).toBe('mine')
    expect(Reflect.get(Error, 'prepareStackTrace')).toBe(mine)
  })

  test('close() restores the handler, or turns into a pass-through below a later one', async () => {
    const first = createRig(ROOT)
    const module = await startShifted(first, 'a', 'function run() {\nthrow new Error("x")\n}', 5)
    const second = createRig('/other')
    await startShifted(second, 'b', 'function run() {}', 1)

    first[Symbol.dispose]()
    const { stack } = thrownBy(() => module.run?.())
    second[Symbol.dispose]()

    expect(stack).toContain('/project/entry.ts?g=1:2:7')
    expect(Reflect.get(Error, 'prepareStackTrace')).not.toBe(before)
  })

  test('close() of the only system puts the previous handler back', async () => {
    const rig = createRig(ROOT)
    await startShifted(rig, 'a', 'function run() {}', 1)
    const during: unknown = Reflect.get(Error, 'prepareStackTrace')

    rig[Symbol.dispose]()

    expect(during).not.toBe(before)
    expect(Reflect.get(Error, 'prepareStackTrace')).toBe(before)
  })

  test('Evaluator.mapErrorStack() waits for maps and rewrites causes and parts', async () => {
    const late = new Map<string, string>()
    using rig = createRig(ROOT, { awaitMap: async ({ id }) => late.get(id) })
    const body =
      'function run() {\nthrow new AggregateError([new Error("part")], "outer", {\ncause: new Error("cause") })\n}'
    const artifact = wrapped({ body, exports: { run: 'run' } })
    const generation = await rig.start(artifact)
    const error = thrownBy(generation.namespace.run as () => void) as AggregateError
    const unmapped = [error, error.cause as Error, error.errors[0] as Error].map((e) => e.stack)
    late.set(artifact.id, 'made')
    rig.maps.set(artifact.id, identityMap('src/a.ts', 4, 30))

    await rig.evaluator.mapErrorStack(error)

    expect(unmapped.every((stack) => stack?.includes('/project/entry.ts?g=1:'))).toBe(true)
    expect(error.stack).toContain('/project/src/a.ts:32:1')
    expect((error.cause as Error).stack).toContain('/project/src/a.ts:33:1')
    expect((error.errors[0] as Error).stack).toContain('/project/src/a.ts:32:1')
    expect(error.stack).not.toContain('?g=')
  })

  test('Evaluator.mapErrorStack() maps each frame of one bundle line by its own column', async () => {
    const late = new Map<string, string>()
    using rig = createRig(ROOT, { awaitMap: async ({ id }) => late.get(id) })
    const artifact = wrapped({ body: 'function run() {\n}', exports: { run: 'run' } })
    await rig.start(artifact)
    const script = '/project/entry.ts?g=1'
    const error = new Error('x')
    error.stack = [
      'Error: x',
      `    at inner (${script}:2:1)`,
      `    at outer (${script}:2:12)`,
      `    at ${script}:2:12`,
    ].join('\n')
    late.set(artifact.id, 'made')
    const segments = [
      [0, 0, 9, 0],
      [11, 0, 19, 4],
    ] as const
    rig.maps.set(artifact.id, sourceMap(['src/$&/$$.ts'], [[], segments]))

    await rig.evaluator.mapErrorStack(error)

    expect(error.stack.split('\n')).toEqual([
      'Error: x',
      '    at inner (/project/src/$&/$$.ts:10:1)',
      '    at outer (/project/src/$&/$$.ts:20:5)',
      '    at /project/src/$&/$$.ts:20:5',
    ])
  })

  test('Evaluator.mapErrorStack() gives a failed evaluation its place once the map is there', async () => {
    const late = new Map<string, string>()
    using rig = createRig(ROOT, {
      awaitMap: async ({ id }) => late.get(id),
      sourceText: (_artifact, file) => (file === 'src/a.ts' ? 'one\ntwo\nthree' : undefined),
    })
    const artifact = wrapped({ body: '\nthrow new Error("x")' })
    const error = await rig.start(artifact).catch((reason: unknown) => reason)
    late.set(artifact.id, 'made')
    rig.maps.set(artifact.id, identityMap('src/a.ts', 2))

    await rig.evaluator.mapErrorStack(error)

    expect(error).toMatchObject({ location: { file: 'src/a.ts', line: 2, column: 1 } })
    expect((error as { frame: string }).frame).toContain('> 2 | two')
  })

  test('the frame says so when the source has changed since the build', async () => {
    using rig = createRig(ROOT, { sourceText: () => undefined })
    const artifact = wrapped({ body: 'throw new Error("x")' })
    rig.maps.set(artifact.id, identityMap('src/a.ts', 1))

    const error = await rig.start(artifact).catch((reason: unknown) => reason)

    expect(error).toMatchObject({ frame: 'src/a.ts:1:1 (source changed since build)' })
  })

  test('Evaluator.remap() points a running generation at the map of equal code', async () => {
    using rig = createRig(ROOT)
    const artifact = wrapped({
      body: 'function run() { throw new Error("x") }',
      exports: { run: 'run' },
    })
    rig.maps.set(artifact.id, identityMap('src/a.ts', 1, 1))
    const generation = await rig.start(artifact)
    const renewed = { ...artifact, id: 'renewed' }
    rig.maps.set(renewed.id, identityMap('src/a.ts', 1, 50))

    rig.evaluator.remap(generation, renewed)

    expect(generation.artifact).toBe('renewed')
    expect(thrownBy(generation.namespace.run as () => void).stack).toContain('src/a.ts:51:1')
  })
})
