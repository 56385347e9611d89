import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import { createUndiciEdge } from '../../../src/guard/edges/undici.ts'
import { EdgeScene } from './edge-scene.ts'
import {
  copies,
  dispatchers,
  hang,
  Loopback,
  ok,
  UndiciScene,
  watchLeftovers,
} from './undici-scene.ts'

interface Found {
  readonly afterInstall: boolean
  readonly afterCalls: boolean
  readonly seen: readonly string[]
  readonly replaced: readonly string[]
}

async function inProcess(...steps: readonly string[]): Promise<Found> {
  const program = join(import.meta.dirname, 'support/copies-program.ts')
  const options = ['--conditions=somon-source', program, ...steps]
  const { stdout } = await promisify(execFile)(process.execPath, options)
  return JSON.parse(stdout) as Found
}

const undici = copies['undici 8'] as NonNullable<(typeof copies)[string]>
setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

let checkLeftovers: () => Promise<void>
beforeAll(() => {
  checkLeftovers = watchLeftovers()
})
afterAll(() => checkLeftovers())

describe('UndiciEdge.install()', () => {
  test('does not load undici; ensure() does', async () => {
    const idle = await inProcess()
    const ensured = await inProcess('ensure')

    expect(idle).toMatchObject({ afterInstall: false, afterCalls: false })
    expect(ensured).toMatchObject({ afterInstall: false, afterCalls: true })
  })

  test.each([
    [['ensure', 'node', 'undici', 'undici7', 'undici6']],
    [['undici', 'node', 'undici7', 'undici6']],
    [['undici7', 'undici6', 'node', 'undici']],
    [['undici6', 'node', 'undici7', 'undici']],
  ])('sees each copy once, loaded in the order %j', async (steps) => {
    const { seen } = await inProcess(...steps)

    expect(seen).toEqual(steps.filter((step) => step !== 'ensure').map((name) => `${name} ok 1`))
  })

  test('restores the dispatchers at its end, and lets calls pass that are on their way', async () => {
    const before = dispatchers()
    using scene = new UndiciScene()
    await using server = await Loopback.start(hang)
    const answers = new Promise<() => void>((resolve) => {
      server.answer = (_request, response) => resolve(() => response.end('late'))
    })
    const during = scene.as('orders', () => fetch(server.origin))
    const end = await answers

    scene.uninstall()
    end()
    const text = await (await during).text()
    server.answer = ok
    const later = await scene.as('orders', () => fetch(server.origin))

    expect(dispatchers().every((agent, i) => agent === before[i])).toBe(true)
    expect([text, await later.text()]).toEqual(['late', 'ok'])
    expect(scene.outcomes).toEqual(['ok'])
  })

  test('lets all pass for good once it is out, if somebody stands on it', async () => {
    const before = undici.getGlobalDispatcher()
    using scene = new UndiciScene()
    await using server = await Loopback.start(ok)
    const foreign = undici
      .getGlobalDispatcher()
      .compose((dispatch) => (options, handler) => dispatch(options, handler))
    Reflect.set(globalThis, Symbol.for('undici.globalDispatcher.2'), foreign)

    scene.uninstall()
    const left = undici.getGlobalDispatcher()
    const answer = await scene.as('orders', () => undici.fetch(server.origin))
    Reflect.set(globalThis, Symbol.for('undici.globalDispatcher.2'), before)

    expect(left).toBe(foreign)
    expect(await answer.text()).toBe('ok')
    expect(scene.calls).toEqual([])
  })

  test('can be installed again', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(ok)
    scene.uninstall()

    const again = scene.edge.install()
    const answer = await scene.as('orders', () => fetch(server.origin))
    again[Symbol.dispose]()

    expect(await answer.text()).toBe('ok')
    expect(scene.outcomes).toEqual(['ok'])
  })
})

describe('UndiciEdge.ensure()', () => {
  test('changes nothing where the edge is still there', () => {
    using scene = new UndiciScene()
    const before = dispatchers()

    scene.edge.ensure()

    expect(dispatchers().every((agent, i) => agent === before[i])).toBe(true)
    expect(scene.replaced).toEqual([])
  })

  test('goes on top of a dispatcher that somebody has set, and tells once', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(ok)
    await using agent = new Closing()
    const before = dispatchers()
    undici.setGlobalDispatcher(agent.agent)
    const unseen = await scene.as('orders', () => fetch(server.origin))

    scene.edge.ensure()
    scene.edge.ensure()
    const seen = await scene.as('orders', () => fetch(server.origin))
    const sent = await scene.as('orders', () => undici.fetch(server.origin))

    expect([await unseen.text(), await seen.text(), await sent.text()]).toEqual(['ok', 'ok', 'ok'])
    expect(scene.outcomes).toEqual(['ok', 'ok'])
    expect(scene.replaced).toEqual(['undici'])
    restore(before)
  })

  test('counts a call once where the edge stands in its way twice', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(ok)
    const before = dispatchers()
    // A class of its own hides from the edge that it is still beneath.
    const inner = undici.getGlobalDispatcher()
    class Opaque extends undici.Dispatcher {
      override dispatch(...call: Parameters<typeof inner.dispatch>): boolean {
        return inner.dispatch(...call)
      }
    }
    undici.setGlobalDispatcher(new Opaque())

    scene.edge.ensure()
    const answers = await scene.as('orders', () =>
      Promise.all([fetch(server.origin), undici.fetch(server.origin)]),
    )

    expect(await Promise.all(answers.map((answer) => answer.text()))).toEqual(['ok', 'ok'])
    expect(scene.outcomes).toEqual(['ok', 'ok'])
    expect(scene.replaced).toEqual(['undici'])
    restore(before)
  })

  test('does nothing before the edge is installed and after its end', () => {
    using scene = new EdgeScene()
    const before = dispatchers()
    const edge = createUndiciEdge(scene.host, { clock: systemClock, covered: scene.covered })

    edge.ensure()
    edge.install()[Symbol.dispose]()
    edge.ensure()

    expect(dispatchers().every((agent, i) => agent === before[i])).toBe(true)
  })
})

describe('two undici edges', () => {
  test('each see their own owners only, and do not climb on one another', async () => {
    using first = new UndiciScene()
    using second = new UndiciScene()
    await using server = await Loopback.start(ok)
    const before = dispatchers()

    for (let i = 0; i < 3; i += 1) {
      first.edge.ensure()
      second.edge.ensure()
    }
    await first.as('orders', async () => (await fetch(server.origin)).text())
    await second.as('carts', async () => (await fetch(server.origin)).text())

    expect(dispatchers().every((agent, i) => agent === before[i])).toBe(true)
    expect(first.calls).toMatchObject([{ owner: 'orders', outcome: 'ok' }])
    expect(second.calls).toMatchObject([{ owner: 'carts', outcome: 'ok' }])
    expect([...first.replaced, ...second.replaced]).toEqual([])
  })

  test('go one by one, the lower one first', async () => {
    const before = dispatchers()
    using first = new UndiciScene()
    using second = new UndiciScene()
    await using server = await Loopback.start(ok)

    first.uninstall()
    await first.as('orders', async () => (await fetch(server.origin)).text())
    await second.as('carts', async () => (await fetch(server.origin)).text())
    second.uninstall()
    await second.as('carts', async () => (await fetch(server.origin)).text())

    expect(first.calls).toEqual([])
    expect(second.calls).toHaveLength(1)
    expect(dispatchers().every((agent, i) => agent === before[i])).toBe(true)
  })

  test('step over those beneath that have gone, one after the other', async () => {
    const before = dispatchers()
    await using server = await Loopback.start(ok)
    const gone: WeakRef<object>[] = []
    let top = new UndiciScene()
    for (let i = 0; i < 5; i += 1) {
      gone.push(...dispatchers().map((agent) => new WeakRef(agent as object)))
      const next = new UndiciScene()
      top[Symbol.dispose]()
      top = next
    }
    const text = await top.as('orders', async () => (await fetch(server.origin)).text())
    const calls = top.calls.length
    const alive = (): number => gone.filter((ref) => ref.deref() !== undefined).length

    // One may be left where nothing has been sent since it went.
    await vi.waitFor(() => {
      collect()
      expect(alive()).toBeLessThanOrEqual(2)
    })
    top[Symbol.dispose]()

    expect([text, calls]).toEqual(['ok', 1])
    expect(dispatchers().every((agent, i) => agent === before[i])).toBe(true)
  })
})

describe('a request with a dispatcher of its own', () => {
  test('does not come this way', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(ok)
    await using agent = new Closing()

    const answer = await scene.as('orders', () =>
      undici.request(server.origin, { dispatcher: agent.agent }),
    )

    expect(await answer.body.text()).toBe('ok')
    expect(scene.calls).toEqual([])
  })
})

function restore(agents: readonly unknown[]): void {
  Reflect.set(globalThis, Symbol.for('undici.globalDispatcher.1'), agents[0])
  Reflect.set(globalThis, Symbol.for('undici.globalDispatcher.2'), agents[1])
}

class Closing implements AsyncDisposable {
  readonly agent: InstanceType<typeof undici.Agent>

  constructor() {
    this.agent = new undici.Agent()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.agent.close()
  }
}
