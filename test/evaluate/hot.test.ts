import { describe, expect, test } from 'vitest'
import { HotState } from '../../src/evaluate/hot.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { createRig } from './support/evaluator.ts'
import { wrapped } from './support/wrapped.ts'

describe('import.meta.hot', () => {
  test('hot.data carries what dispose hooks leave to the successor', async () => {
    using rig = createRig('/project')
    const body = `const { hot } = $m('entry.ts')
      const count = (hot.data.count ?? 0) + 1
      hot.dispose((data) => { data.count = count })`
    const artifact = wrapped({ body, exports: { count: 'count' } })
    const first = await rig.start(artifact)

    const { hotData } = await rig.evaluator.retire(first, { drainTimeoutMs: 0 })
    const second = await rig.start(artifact, { hotData })

    expect(second.namespace.count).toBe(2)
  })

  test('hot.invalidate() asks for a reload of the entry', async () => {
    const asked: string[] = []
    using rig = createRig('/project', { onInvalidate: (module) => asked.push(module) })

    await rig.start(wrapped({ body: "$m('src/deep.ts').hot.invalidate()" }))

    expect(asked).toEqual(['entry.ts'])
  })

  test('hot is undefined where reload is impossible', async () => {
    using rig = createRig('/project')
    const artifact = wrapped({ body: "const { hot } = $m('entry.ts')", exports: { hot: 'hot' } })

    const generation = await rig.start(artifact, { reloadable: false })

    expect(generation.namespace.hot).toBeUndefined()
  })
})

describe('HotState', () => {
  test('HotState.dispose() runs hooks in order and goes on after one that throws', async () => {
    const ran: string[] = []
    const state = new HotState({}, AbortSignal.abort(), () => {})
    state.hot.dispose(() => void ran.push('first'))
    state.hot.dispose(() => {
      throw new Error('broken hook')
    })
    state.hot.dispose(async (data) => {
      await Promise.resolve()
      ran.push('last')
      data.kept = true
    })

    const { data, errors } = await state.dispose(new FakeClock(), 5000)

    expect(ran).toEqual(['first', 'last'])
    expect(data).toEqual({ kept: true })
    expect(errors).toEqual([expect.objectContaining({ message: 'broken hook' })])
  })

  test('HotState.dispose() leaves a hook that lasts longer than timeoutMs', async () => {
    const clock = new FakeClock()
    const state = new HotState({}, AbortSignal.abort(), () => {})
    state.hot.dispose(() => new Promise(() => {}))

    const disposing = state.dispose(clock, 5000)
    await clock.advance(5000)

    expect((await disposing).errors).toEqual([
      expect.objectContaining({ message: 'hot.dispose() hook still runs after 5000 ms' }),
    ])
  })

  test('HotState.dispose() runs each hook once', async () => {
    let ran = 0
    const state = new HotState({}, AbortSignal.abort(), () => {})
    state.hot.dispose(() => void (ran += 1))

    await state.dispose(new FakeClock(), 1)
    await state.dispose(new FakeClock(), 1)

    expect(ran).toBe(1)
  })

  test('hot.dispose() refuses what is no function', () => {
    const state = new HotState({}, AbortSignal.abort(), () => {})

    expect(() => state.hot.dispose('x' as never)).toThrow(TypeError)
  })
})
