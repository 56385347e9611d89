import { describe, expect, test } from 'vitest'
import { createRig } from './support/evaluator.ts'
import { wrapped } from './support/wrapped.ts'

const simple = wrapped({ body: 'function run(x) { return x + 1 }', exports: { run: 'run' } })

describe('Evaluator.use()', () => {
  test('use() calls with the exports and gives the lease back', async () => {
    using rig = createRig('/project')
    const generation = await rig.start(simple)

    const result = await rig.evaluator.use(generation, (module: { run(x: number): number }) => {
      expect(generation.leases).toBe(1)
      return module.run(1)
    })

    expect(result).toBe(2)
    expect(generation.leases).toBe(0)
  })

  test('use() gives the lease back when the call throws', async () => {
    using rig = createRig('/project')
    const generation = await rig.start(simple)

    const failed = rig.evaluator.use(generation, () => Promise.reject(new Error('no')))

    await expect(failed).rejects.toThrow('no')
    expect(generation.leases).toBe(0)
  })

  test('retire() waits for leases, and refuses new ones meanwhile', async () => {
    using rig = createRig('/project')
    const generation = await rig.start(simple)
    const call = Promise.withResolvers<string>()
    const held = rig.evaluator.use(generation, () => call.promise)

    const retiring = rig.evaluator.retire(generation, { drainTimeoutMs: 1000 })
    const refused = rig.evaluator.use(generation, () => 1)
    await expect(refused).rejects.toMatchObject({ code: 'SOMON_EVALUATE_RETIRED' })
    expect(generation.state).toBe('draining')
    expect(generation.signal.aborted).toBe(false)
    call.resolve('done')

    expect(await held).toBe('done')
    expect(await retiring).toMatchObject({ drained: true })
    expect(rig.clock.pending).toBe(1)
  })

  test('retire() goes on without the leases after drainTimeoutMs', async () => {
    using rig = createRig('/project')
    const generation = await rig.start(simple)
    const call = Promise.withResolvers<string>()
    const held = rig.evaluator.use(generation, () => call.promise)

    const retiring = rig.evaluator.retire(generation, { drainTimeoutMs: 1000 })
    await rig.clock.advance(1000)

    expect(await retiring).toMatchObject({ drained: false })
    expect(generation.state).toBe('retired')
    call.resolve('late')
    expect(await held).toBe('late')
  })

  test('retire() arms no timer and waits for the leases when drainTimeoutMs is Infinity', async () => {
    using rig = createRig('/project')
    const generation = await rig.start(simple)
    const call = Promise.withResolvers<string>()
    const held = rig.evaluator.use(generation, () => call.promise)

    const retiring = rig.evaluator.retire(generation, { drainTimeoutMs: Infinity })
    const armed = rig.clock.pending
    await rig.clock.advance(1e12)
    const stateBefore = generation.state
    call.resolve('done')
    await held

    expect(armed).toBe(0)
    expect(stateBefore).toBe('draining')
    expect(await retiring).toMatchObject({ drained: true })
  })

  test('retire() does not wait for leases when drainTimeoutMs is 0', async () => {
    using rig = createRig('/project')
    const generation = await rig.start(simple)
    const call = Promise.withResolvers<string>()
    const held = rig.evaluator.use(generation, () => call.promise)

    const report = await rig.evaluator.retire(generation, { drainTimeoutMs: 0 })
    call.resolve('late')

    expect(report.drained).toBe(false)
    expect(await held).toBe('late')
  })

  test('retire() skips the drain of a generation that never served', async () => {
    using rig = createRig('/project')
    const artifact = wrapped({ body: 'setInterval(() => {}, 1000); throw new Error("no")' })
    const generation = rig.evaluator.instantiate({ artifact, number: 1, reloadable: true })
    await rig.evaluator.bindImports(generation)
    expect(() => rig.evaluator.execute(generation)).toThrow('Error: no')
    const stateBefore = generation.state

    const report = await rig.evaluator.retire(generation, { drainTimeoutMs: 1e6 })

    expect(stateBefore).toBe('failed')
    expect(report.swept).toEqual({ timer: 1 })
  })

  test('retire() of a retired generation finds nothing to do', async () => {
    using rig = createRig('/project')
    const generation = await rig.start(simple)
    const ended: number[] = []
    rig.events.on('generation.retired', (event) => ended.push(event.number))

    await rig.evaluator.retire(generation, { drainTimeoutMs: 0 })
    const again = await rig.evaluator.retire(generation, { drainTimeoutMs: 0 })

    expect(again).toEqual({ drained: true, swept: {}, left: {}, hotData: {}, errors: [] })
    expect(ended).toEqual([1])
  })
})

function intervals(): number {
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
}

describe('Evaluator.retire()', () => {
  test('retire() during a retirement joins it', async () => {
    using rig = createRig('/project')
    const generation = await rig.start(simple)
    const call = Promise.withResolvers<void>()
    const held = rig.evaluator.use(generation, () => call.promise)

    const first = rig.evaluator.retire(generation, { drainTimeoutMs: 1000 })
    const second = rig.evaluator.retire(generation, { drainTimeoutMs: 1000 })
    call.resolve()
    await held

    expect(await second).toBe(await first)
  })
})

describe('evaluation that does not end', () => {
  test('retire() ends what a waiting top-level await has started, and it never goes live', async () => {
    using rig = createRig('/project')
    const finished: string[] = []
    rig.events.on('evaluate.finished', () => finished.push('finished'))
    const gate = Promise.withResolvers<void>()
    Reflect.set(globalThis, '__gate', gate.promise)
    const artifact = wrapped({
      body: 'setInterval(() => {}, 1000); await globalThis.__gate; setInterval(() => {}, 1000)',
      tla: { file: 'entry.ts', line: 1, column: 1 },
    })
    const generation = rig.evaluator.instantiate({ artifact, number: 1, reloadable: true })
    await rig.evaluator.bindImports(generation)
    const running = rig.evaluator.execute(generation)
    await new Promise(setImmediate)

    const report = await rig.evaluator.retire(generation, { drainTimeoutMs: 1000 })
    const timersBefore = intervals()
    gate.resolve()
    await running

    expect(report.swept).toEqual({ timer: 1 })
    expect(generation.state).toBe('retired')
    expect(finished).toEqual([])
    expect(intervals()).toBe(timersBefore)
  })
})
