import { getEventListeners, once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { guardSettings } from '../support/settings.ts'
import {
  codeOfFetch,
  copies,
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

const requests = Object.entries(copies).map(([name, { request }]) => [name, request] as const)

describe('what a status says', () => {
  test.each([
    [200, {}, 'ok'],
    [404, {}, 'ok'],
    [500, {}, 'failure'],
    [501, {}, 'ok'],
    [503, {}, 'failure'],
    [503, { 'retry-after': '1' }, 'overload'],
    [505, {}, 'ok'],
    [429, {}, 'overload'],
  ])('%i with %j is %s, and comes as it is', async (code, headers, outcome) => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(status(code, headers))

    const answers = await scene.as('orders', () =>
      Promise.all([
        fetch(server.origin).then(async (answer) => [answer.status, await answer.text()]),
        ...requests.map(async ([, request]) => {
          const { statusCode, body } = await request(server.origin)
          return [statusCode, await body.text()]
        }),
      ]),
    )

    expect(answers).toEqual(answers.map(() => [code, `status ${code}`]))
    expect(scene.outcomes).toEqual(answers.map(() => outcome))
  })

  test('Retry-After lengthens the open time', async () => {
    using scene = new UndiciScene({ settings: guardSettings({ consecutive: 1 }) })
    await using server = await Loopback.start(status(503, { 'retry-after': '15' }))

    await scene.as('orders', async () => (await fetch(server.origin)).text())

    const opened = scene.transitions.at(-1)
    expect(opened).toMatchObject({ to: 'open', openMs: 15_000 })
  })

  test('the caller sees the state that its answer has brought about', async () => {
    using scene = new UndiciScene({ settings: guardSettings({ consecutive: 1 }) })
    await using server = await Loopback.start(status(500))

    const seen = await scene.as('orders', () =>
      fetch(server.origin).then(() => scene.guard(server.origin).snapshot().state),
    )

    expect(seen).toBe('open')
  })
})

describe('an error before the headers', () => {
  test('is the failure of the dependency, and comes as it is', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start((request) => request.socket.destroy())
    const { origin } = server

    const errors = await scene.as('orders', () =>
      Promise.all([
        fetch(origin).catch((error: Error) => codeOfFetch(error)),
        ...requests.map(([, request]) =>
          request(origin).catch((error: Error) => codeOfFetch(error)),
        ),
      ]),
    )

    expect(errors).toEqual(errors.map(() => 'UND_ERR_SOCKET'))
    expect(scene.outcomes).toEqual(errors.map(() => 'failure'))
  })

  test('is the failure of the dependency where nobody listens', async () => {
    using scene = new UndiciScene()
    const gone = await Loopback.start(ok)
    const { origin } = gone
    await gone[Symbol.asyncDispose]()

    const error = await scene.as('orders', () => fetch(origin).catch(codeOfFetch))

    expect(error).toBe('ECONNREFUSED')
    expect(scene.outcomes).toEqual(['failure'])
  })

  test('is nobody else’s fault where the request itself is wrong', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(ok)

    for (const [, request] of requests) {
      const sent = scene.as('orders', () =>
        request(server.origin, { headers: { 'transfer-encoding': 'x' } }),
      )
      await expect(sent).rejects.toMatchObject({ code: 'UND_ERR_INVALID_ARG' })
    }

    expect(scene.outcomes).toEqual(['ignored', 'ignored', 'ignored'])
    expect(server.requests).toEqual([])
  })
})

describe('the timeout of a guard', () => {
  test.each(['global fetch', ...requests.map(([name]) => name)])(
    'ends a call by %s with the coded error, closes its socket and touches no other',
    async (name) => {
      using scene = new UndiciScene({ settings: guardSettings({}, { timeoutMs: 100 }) })
      await using slow = await Loopback.start(hang)
      await using other = await Loopback.start(hang)
      const answered = Promise.withResolvers<() => void>()
      other.answer = (_request, response) => answered.resolve(() => response.end('ok'))
      scene.configure(guardSettings({}, { timeoutMs: 0 }))
      const beside = scene.as('orders', () => fetch(other.origin))
      const end = await answered.promise
      scene.configure(guardSettings({}, { timeoutMs: 100 }))

      const error = await scene.as('orders', () => send(name, slow.origin).catch(codeOfFetch))
      await until(() => expect(slow.cut).toBe(1))
      end()
      const text = await (await beside).text()

      expect(error).toBe('SOMON_GUARD_TIMEOUT')
      expect(slow.requests).toHaveLength(1)
      expect(text).toBe('ok')
      expect(scene.outcomes).toEqual(['timeout', 'ok'])
    },
  )

  test('ends a call that still dials, whose place is free once the dial is over', async () => {
    const bulkhead = { mode: 'fixed', max: 1, queue: 0, queueTimeoutMs: 100 } as const
    const clock = new FakeClock()
    const settings = guardSettings({}, { timeoutMs: 50, bulkhead })
    using scene = new UndiciScene({ settings }, clock)
    const dialled: Socket[] = []
    const silent = createServer((socket) => dialled.push(socket.on('error', () => {})))
    await once(silent.listen(0, '127.0.0.1'), 'listening')
    const { port } = silent.address() as AddressInfo

    // The connection stands, but the server does not answer to the handshake.
    const sent = scene.as('orders', () => fetch(`https://127.0.0.1:${port}`))
    const error = await sent.catch(codeOfFetch)
    await clock.advance(5000)
    const covered = scene.covered.covers(`127.0.0.1:${port}`)
    for (const socket of dialled) socket.destroy()
    await until(() => expect(scene.guard(`https://127.0.0.1:${port}`).isIdle).toBe(true))
    silent.close()
    await clock.advance(5000)

    expect(error).toBe('SOMON_GUARD_TIMEOUT')
    expect(scene.outcomes).toEqual(['timeout'])
    expect([covered, scene.covered.covers(`127.0.0.1:${port}`)]).toEqual([true, false])
  })
})

describe('a call that timed out while it waited for a connection', () => {
  test.each(requests)('of %s is never sent', async (name) => {
    await using agent = setAgent(name, { connections: 1 })
    using scene = new UndiciScene({ settings: guardSettings({}, { timeoutMs: 0 }) })
    const first = Promise.withResolvers<() => void>()
    await using server = await Loopback.start((_request, response) => {
      first.resolve(() => response.end('ok'))
    })
    const get = async (path: string): Promise<string> =>
      (await agent.fetch(server.origin + path)).text()

    const texts = [scene.as('orders', () => get('/1'))]
    const end = await first.promise
    server.answer = ok
    scene.configure(guardSettings({}, { timeoutMs: 50 }))
    const error = await scene.as('orders', () => get('/2').catch(codeOfFetch))
    end()
    scene.configure(guardSettings({}, { timeoutMs: 0 }))
    texts.push(scene.as('orders', () => get('/3')))

    expect(error).toBe('SOMON_GUARD_TIMEOUT')
    expect(await Promise.all(texts)).toEqual(['ok', 'ok'])
    expect(server.requests).toEqual(['GET /1', 'GET /3'])
    await until(() => expect(scene.guard(server.origin).isIdle).toBe(true))
  })
})

describe('the abort of a caller', () => {
  test.each(['global fetch', ...requests.map(([name]) => name)])(
    'by %s says nothing, whatever its reason, and closes the socket',
    async (name) => {
      using scene = new UndiciScene({ settings: guardSettings({ consecutive: 1 }) })
      await using server = await Loopback.start(hang)
      const controller = new AbortController()
      const reason = Object.assign(new Error('no longer needed'), { code: 'ECONNRESET' })

      const sent = scene.as('orders', () => send(name, server.origin, controller.signal))
      await once(server.server, 'request')
      controller.abort(reason)

      await expect(sent).rejects.toBe(reason)
      await until(() => expect(scene.outcomes).toEqual(['ignored']))
      await until(() => expect(server.cut).toBe(1))
      expect(getEventListeners(controller.signal, 'abort')).toEqual([])
    },
  )

  test.each([
    ['of the platform', new DOMException('The operation timed out', 'TimeoutError')],
    ['of a client', Object.assign(new Error('50 ms exceeded'), { code: 'ETIMEDOUT' })],
  ])('that is a timeout %s counts as one, and comes as it is', async (_whose, reason) => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(hang)
    const controller = new AbortController()

    const sent = scene.as('orders', () => fetch(server.origin, { signal: controller.signal }))
    await once(server.server, 'request')
    controller.abort(reason)

    await expect(sent).rejects.toBe(reason)
    await until(() => expect(scene.outcomes).toEqual(['timeout']))
  })

  test.each(requests)('before the call by %s keeps it from being sent', async (_name, request) => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(ok)
    const reason = new Error('never mind')

    const sent = scene.as('orders', () =>
      request(server.origin, { signal: AbortSignal.abort(reason) }),
    )

    await expect(sent).rejects.toBe(reason)
    expect(server.opened).toBe(0)
    expect(scene.outcomes.filter((outcome) => outcome !== 'ignored')).toEqual([])
    expect(scene.guard(server.origin).isIdle).toBe(true)
  })

  test('is heard while the call waits for its turn', async () => {
    const bulkhead = { mode: 'fixed', max: 1, queue: 5, queueTimeoutMs: 60_000 } as const
    using scene = new UndiciScene({ settings: guardSettings({}, { bulkhead }) })
    await using server = await Loopback.start(hang)
    const [first, second] = [new AbortController(), new AbortController()]
    const sent = scene.as('orders', () =>
      [first, second].map(({ signal }) => fetch(server.origin, { signal }).catch(String)),
    )
    await once(server.server, 'request')

    second.abort('second')
    await until(() => expect(scene.guard(server.origin).snapshot().queued).toBe(0))
    first.abort('first')

    expect(await Promise.all(sent)).toEqual(['first', 'second'])
    expect(server.requests).toHaveLength(1)
    await until(() => expect(scene.guard(server.origin).isIdle).toBe(true))
  })
})

describe('the queue of a guard', () => {
  test('holds calls back until a place is free, in their order', async () => {
    const bulkhead = { mode: 'fixed', max: 1, queue: 5, queueTimeoutMs: 60_000 } as const
    using scene = new UndiciScene({ settings: guardSettings({}, { bulkhead }) })
    const running: (() => void)[] = []
    await using server = await Loopback.start((_request, response) => {
      running.push(() => response.end('ok'))
    })

    const sent = scene.as('orders', () =>
      ['/1', '/2', '/3'].map(async (path) => (await fetch(server.origin + path)).text()),
    )
    let most = 0
    for (let i = 0; i < 3; i += 1) {
      await until(() => expect(running).toHaveLength(i + 1))
      most = Math.max(most, scene.guard(server.origin).snapshot().inflight)
      running[i]?.()
    }

    expect(await Promise.all(sent)).toEqual(['ok', 'ok', 'ok'])
    expect(server.requests).toEqual(['GET /1', 'GET /2', 'GET /3'])
    expect(most).toBe(1)
  })

  test('refuses what finds no place, and a place is held up to the headers only', async () => {
    const bulkhead = { mode: 'fixed', max: 1, queue: 0, queueTimeoutMs: 100 } as const
    using scene = new UndiciScene({ settings: guardSettings({}, { bulkhead }) })
    await using server = await Loopback.start((_request, response) => {
      response.write('open')
    })

    const streams = await scene.as('orders', async () => [
      await fetch(server.origin),
      await fetch(server.origin),
    ])
    server.answer = hang
    const sent = scene.as('orders', () => [fetch(server.origin), fetch(server.origin)])
    const errors = sent.map((call) => call.catch(codeOfFetch))

    expect(await errors[1]).toBe('SOMON_GUARD_FULL')
    for (const { body } of streams) await body?.cancel()
    expect(scene.outcomes).toEqual(['ok', 'ok', 'full'])
  })

  test('a rate makes calls wait for their token', async () => {
    const rate = { perSecond: 20, burst: 1, waitMs: 5000 }
    using scene = new UndiciScene({ settings: guardSettings({}, { rate }) })
    await using server = await Loopback.start(ok)

    await scene.as('orders', () =>
      Promise.all([1, 2, 3].map(async () => (await fetch(server.origin)).text())),
    )

    expect(scene.outcomes).toEqual(['ok', 'ok', 'ok'])
    expect(scene.calls.filter(({ queuedMs }) => queuedMs > 0)).toHaveLength(2)
  })
})

function send(name: string, url: string, signal?: AbortSignal): Promise<unknown> {
  const copy = copies[name]
  if (copy === undefined) return fetch(url, { signal: signal ?? null })
  return copy.request(url, { signal: signal ?? null })
}
