import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { guardSettings } from '../support/settings.ts'
import {
  codeOfFetch,
  copies,
  dispatchBy,
  dispatchers,
  hang,
  Loopback,
  ok,
  setAgent,
  status,
  UndiciScene,
  until,
  watchLeftovers,
} from './undici-scene.ts'

let checkLeftovers: () => Promise<void>
beforeAll(() => {
  checkLeftovers = watchLeftovers()
})
afterAll(() => checkLeftovers())

/** Either kind of handler, by what it is told; `onHead` may steer the answer. */
interface Told {
  readonly events: string[]
  control?: { abort(reason: unknown): void; resume(): void; readonly rawHeaders?: unknown }
}

type Kind = 'modern' | 'legacy'

function handlerOf(kind: Kind, told: Told, pausesAtHead = false): object {
  const tell = (event: string): void => {
    told.events.push(event)
  }
  const sending = {
    onBodySent: (chunk: unknown) => tell(`sent ${String(chunk)}`),
    onRequestSent: () => tell('all sent'),
    onResponseStarted: () => tell('first byte'),
  }
  if (kind === 'modern') {
    return {
      ...sending,
      onRequestStart(control: Told['control']) {
        if (control !== undefined) told.control = control
        tell('start')
      },
      onResponseStart(control: { pause(): void }, code: number) {
        if (pausesAtHead) control.pause()
        tell(`head ${code}`)
      },
      onResponseData: (_control: unknown, chunk: unknown) => tell(`data ${String(chunk)}`),
      onResponseEnd: () => tell('end'),
      onResponseError: (_control: unknown, error: Error) => tell(`error ${error.message}`),
    }
  }
  return {
    ...sending,
    onConnect(abort: (reason: unknown) => void) {
      told.control = { abort, resume: () => {} }
      tell('start')
    },
    onHeaders(code: number, _headers: unknown, resume: () => void) {
      if (told.control !== undefined) told.control.resume = resume
      tell(`head ${code}`)
      return !pausesAtHead
    },
    onData(chunk: unknown) {
      tell(`data ${String(chunk)}`)
      return true
    },
    onComplete: () => tell('end'),
    onError: (error: Error) => tell(`error ${error.message}`),
  }
}

function dispatch(options: object, handler: object): unknown {
  return dispatchBy(1, options, handler)
}

const kinds: readonly (readonly [Kind, string])[] = [
  ['modern', 'undici 8'],
  ['modern', 'undici 7'],
  ['legacy', 'undici 7'],
  ['legacy', 'undici 6'],
]

describe.each(kinds)('a %s handler before an agent of %s', (kind, name) => {
  test('is told what it would be told without the edge', async () => {
    await using agent = setAgent(name, {})
    using scene = new UndiciScene()
    await using server = await Loopback.start((request, response) => {
      request.resume().on('end', () => response.end('answer'))
    })
    const [plain, guarded]: [Told, Told] = [{ events: [] }, { events: [] }]
    const options = { origin: server.origin, method: 'POST', body: 'x' }

    agent.dispatch(options, handlerOf(kind, plain))
    await until(() => expect(plain.events).toContain('end'))
    scene.as('orders', () => agent.dispatch(options, handlerOf(kind, guarded)))
    await until(() => expect(guarded.events).toContain('end'))

    expect(guarded.events).toEqual(plain.events)
    expect(guarded.events.slice(-3)).toEqual(['head 200', 'data answer', 'end'])
    expect(scene.outcomes).toEqual(['ok'])
  })

  test.each([200, 500])(
    'that pauses at the head of a %i gets the body when it resumes',
    async (code) => {
      await using agent = setAgent(name, {})
      using scene = new UndiciScene()
      await using server = await Loopback.start(status(code))
      const told: Told = { events: [] }

      scene.as('orders', () =>
        agent.dispatch({ origin: server.origin }, handlerOf(kind, told, true)),
      )
      await until(() => expect(told.events).toContain(`head ${code}`))
      // Whatever were on its way would come with the next turns of the loop.
      for (let i = 0; i < 20; i += 1) await new Promise(setImmediate)
      const before = told.events.filter((event) => event.startsWith('data'))
      told.control?.resume()
      await until(() => expect(told.events).toContain('end'))

      expect(before).toEqual([])
      expect(told.events.slice(-2)).toEqual([`data status ${code}`, 'end'])
    },
  )

  test('is told of its start before the request has a connection, so that it can give up', async () => {
    await using agent = setAgent(name, {})
    const bulkhead = { mode: 'fixed', max: 1, queue: 1, queueTimeoutMs: 60_000 } as const
    const clock = new FakeClock()
    using scene = new UndiciScene({ settings: guardSettings({}, { bulkhead }) }, clock)
    await using server = await Loopback.start(hang)
    const [first, second]: Told[] = [{ events: [] }, { events: [] }]

    for (const told of [first, second]) {
      if (told === undefined) continue
      scene.as('orders', () => agent.dispatch({ origin: server.origin }, handlerOf(kind, told)))
    }
    const atOnce = second?.events.slice()
    second?.control?.abort(new Error('given up'))
    await until(() => expect(second?.events).toEqual(['start', 'error given up']))
    first?.control?.abort(new Error('given up too'))
    await until(() => expect(first?.events.at(-1)).toBe('error given up too'))

    expect(atOnce).toEqual(['start'])
    expect(server.requests.length).toBeLessThanOrEqual(1)
    await until(() => expect(scene.guard(server.origin).isIdle).toBe(true))
    await clock.advance(5000)
    expect(scene.covered.covers(`127.0.0.1:${server.port}`)).toBe(false)
  })
})

describe('a caller that gives up while its failure is held for a retry', () => {
  test.each(kinds)('hears of its own reason only (%s, %s)', async (kind, name) => {
    await using agent = setAgent(name, {})
    const retry = { max: 1, budget: 1, minPerSecond: 10 }
    const settings = guardSettings({}, { retry })
    using scene = new UndiciScene({ settings, random: () => 0.99 })
    await using server = await Loopback.start(status(503))
    const told: Told = { events: [] }

    scene.as('orders', () => agent.dispatch({ origin: server.origin }, handlerOf(kind, told)))
    await until(() => expect(scene.outcomes).toEqual(['failure']))
    told.control?.abort(new Error('given up'))
    await until(() => expect(told.events).toContain('error given up'))
    for (let i = 0; i < 20; i += 1) await new Promise(setImmediate)

    expect(told.events.filter((event) => /head|data|end|error/.test(event))).toEqual([
      'error given up',
    ])
  })
})

describe('a controller', () => {
  test('that is paused at the start of the request pauses the answer', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(ok)
    const told: Told = { events: [] }
    const handler = {
      ...handlerOf('modern', told),
      onRequestStart(control: NonNullable<Told['control']> & { pause(): void }) {
        told.control = control
        control.pause()
      },
    }

    scene.as('orders', () => dispatch({ origin: server.origin }, handler))
    await until(() => expect(told.events).toContain('head 200'))
    for (let i = 0; i < 20; i += 1) await new Promise(setImmediate)
    const before = told.events.slice()
    told.control?.resume()
    await until(() => expect(told.events).toContain('end'))

    expect(before.at(-1)).toBe('head 200')
    expect(told.events.at(-2)).toBe('data ok')
  })

  test('shows the raw headers of the answer', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(status(200, { 'x-case': 'a' }))
    const told: Told = { events: [] }

    scene.as('orders', () => dispatch({ origin: server.origin }, handlerOf('modern', told)))
    await until(() => expect(told.events).toContain('end'))

    expect(String(told.control?.rawHeaders)).toContain('x-case')
  })
})

describe('an origin given as a URL', () => {
  test('is guarded as the text is', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(ok)
    const told: Told = { events: [] }

    scene.as('orders', () =>
      dispatch({ origin: new URL(server.origin) }, handlerOf('modern', told)),
    )
    await until(() => expect(told.events).toContain('end'))

    expect(scene.calls).toMatchObject([{ dependency: server.origin, outcome: 'ok' }])
  })
})

describe('a dispatcher that has ended', () => {
  test.each(['close', 'destroy'] as const)(
    'by %s() of what the edge has set is nobody’s fault',
    async (end) => {
      await using agent = setAgent('undici 8', {})
      using scene = new UndiciScene()
      await using server = await Loopback.start(ok)
      // What undici 8 keeps for older copies has private members, which no proxy can reach.
      const first = dispatchers()[0] as { close(): Promise<void>; destroy(): Promise<void> }

      const ended = first[end]()
      const error = await scene.as('orders', () => agent.fetch(server.origin).catch(codeOfFetch))
      await ended

      expect(error).toBe(end === 'close' ? 'UND_ERR_CLOSED' : 'UND_ERR_DESTROYED')
      expect(scene.outcomes).toEqual(['ignored'])
    },
  )
})

describe('an interceptor beneath the edge', () => {
  test('hands its context to the caller, as where redirects are followed', async () => {
    const undici = copies['undici 8']
    if (undici === undefined) throw new Error('no copy')
    const following = new undici.Agent().compose(
      undici.interceptors.redirect({ maxRedirections: 2 }),
    )
    await using agent = setAgent('undici 8', following)
    using scene = new UndiciScene()
    await using server = await Loopback.start((request, response) => {
      if (request.url === '/end') response.end('ok')
      else response.writeHead(302, { location: '/end' }).end()
    })

    const answer = await scene.as('orders', () => agent.request(server.origin))

    expect(await answer.body.text()).toBe('ok')
    const { history } = answer.context as { readonly history: readonly URL[] }
    expect(history.map(String)).toEqual([`${server.origin}/`, `${server.origin}/end`])
    // One call of the caller: the redirect was followed inside it.
    expect(scene.outcomes).toEqual(['ok'])
  })
})

describe('a dispatcher that is none of undici’s', () => {
  test('is guarded as long as it dispatches', async () => {
    const before = dispatchers()
    const handed: unknown[] = []
    const own = {
      dispatch(options: unknown, handler: { onResponseError(a: unknown, b: unknown): void }) {
        handed.push(options)
        handler.onResponseError(null, new Error('not today'))
        return false
      },
    }
    Reflect.set(globalThis, Symbol.for('undici.globalDispatcher.2'), own)
    using scene = new UndiciScene()
    const told: Told = { events: [] }

    const accepted = scene.as('orders', () =>
      dispatch({ origin: 'http://own.example' }, handlerOf('modern', told)),
    )
    await until(() => expect(told.events).toEqual(['start', 'error not today']))
    scene.uninstall()
    Reflect.set(globalThis, Symbol.for('undici.globalDispatcher.2'), before[1])

    expect(accepted).toBe(false)
    expect(handed).toHaveLength(1)
    expect(scene.outcomes).toEqual(['failure'])
  })

  test('that answers in spite of an abort is not heard any more', async () => {
    const before = dispatchers()
    const late = Promise.withResolvers<() => void>()
    const own = {
      dispatch(_options: unknown, handler: Record<string, (...told: unknown[]) => void>) {
        const control = { abort() {}, pause() {}, resume() {} }
        handler.onRequestStart?.(control, {})
        late.resolve(() => {
          handler.onResponseStart?.(control, 200, {}, 'OK')
          handler.onResponseData?.(control, 'late')
          handler.onResponseEnd?.(control, {})
        })
        return true
      },
    }
    Reflect.set(globalThis, Symbol.for('undici.globalDispatcher.2'), own)
    using scene = new UndiciScene({ settings: guardSettings({}, { timeoutMs: 20 }) })
    const told: Told = { events: [] }

    scene.as('orders', () => dispatch({ origin: 'http://own.example' }, handlerOf('modern', told)))
    await until(() => expect(told.events).toHaveLength(2))
    ;(await late.promise)()
    scene.uninstall()
    Reflect.set(globalThis, Symbol.for('undici.globalDispatcher.2'), before[1])

    expect(told.events).toEqual(['start', expect.stringMatching(/took longer than 20 ms/)])
    expect(scene.outcomes).toEqual(['timeout'])
  })

  test('whose own error is thrown throws it to the caller, once', () => {
    const before = dispatchers()
    const fault = new Error('cannot')
    const own = {
      dispatch() {
        throw fault
      },
    }
    Reflect.set(globalThis, Symbol.for('undici.globalDispatcher.2'), own)
    using scene = new UndiciScene()
    const told: Told = { events: [] }

    const send = (): unknown =>
      scene.as('orders', () =>
        dispatch({ origin: 'http://own.example' }, handlerOf('modern', told)),
      )

    expect(send).toThrow(fault)
    expect(told.events).toEqual(['start'])
    scene.uninstall()
    Reflect.set(globalThis, Symbol.for('undici.globalDispatcher.2'), before[1])
  })
})
