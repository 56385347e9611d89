import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GuardSettings } from '../../../src/guard/settings.ts'
import { guardSettings } from '../support/settings.ts'
import {
  type Answer,
  codeOfFetch,
  copies,
  Loopback,
  ok,
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

const ways = ['global fetch', ...Object.keys(copies)]

describe.each(ways)('a retry of a call by %s', (way) => {
  test('drops the failure and delivers what comes after it', async () => {
    using scene = new UndiciScene({ settings: retrying(2) })
    await using server = await Loopback.start(inTurn(status(503), status(502), ok))

    const answer = await scene.as('orders', () => get(way, server.origin))

    expect(answer).toEqual([200, 'ok'])
    expect(scene.outcomes).toEqual(['failure', 'failure', 'ok'])
    // The answers were complete, so no connection was given up.
    expect(server.cut).toBe(0)
    expect(server.opened).toBeLessThan(3)
  })

  test('delivers the last failure unchanged when there are no more', async () => {
    using scene = new UndiciScene({ settings: retrying(2) })
    await using server = await Loopback.start(
      inTurn(status(503), status(502), (_request, response) => {
        response.writeHead(504).end('x'.repeat(300_000))
      }),
    )

    const answer = await scene.as('orders', () => get(way, server.origin))

    expect(answer).toEqual([504, 'x'.repeat(300_000)])
    expect(scene.outcomes).toEqual(['failure', 'failure', 'failure'])
  })

  test('follows an error before the headers', async () => {
    using scene = new UndiciScene({ settings: retrying(1) })
    await using server = await Loopback.start(inTurn((request) => request.socket.destroy(), ok))

    const answer = await scene.as('orders', () => get(way, server.origin))

    expect(answer).toEqual([200, 'ok'])
    expect(scene.outcomes).toEqual(['failure', 'ok'])
  })
})

describe('a failure', () => {
  test('whose body does not end is dropped with its connection', async () => {
    using scene = new UndiciScene({ settings: retrying(1) })
    await using server = await Loopback.start(
      inTurn((_request, response) => {
        response.writeHead(503).write('and then nothing')
      }, ok),
    )

    const answer = await scene.as('orders', () => get('global fetch', server.origin))
    await until(() => expect(server.cut).toBe(1))

    expect(answer).toEqual([200, 'ok'])
    expect(server.requests).toHaveLength(2)
  })

  test('is delivered, not the refusal, where its retry is refused by the open circuit', async () => {
    using scene = new UndiciScene({ settings: retrying(2, { consecutive: 1 }) })
    await using server = await Loopback.start(status(503))

    const answer = await scene.as('orders', () => get('global fetch', server.origin))

    expect(answer).toEqual([503, 'status 503'])
    expect(server.requests).toHaveLength(1)
    expect(scene.outcomes).toEqual(['failure', 'open'])
  })

  test('is not repeated without budget', async () => {
    const retry = { max: 2, budget: 0, minPerSecond: 0 }
    using scene = new UndiciScene({ settings: guardSettings({}, { retry }) })
    await using server = await Loopback.start(status(503))

    const answer = await scene.as('orders', () => get('global fetch', server.origin))

    expect(answer).toEqual([503, 'status 503'])
    expect(server.requests).toHaveLength(1)
  })

  test.each([500, 429, 507])('with %i is not repeated', async (code) => {
    using scene = new UndiciScene({ settings: retrying(2) })
    await using server = await Loopback.start(status(code))

    const answer = await scene.as('orders', () => get('global fetch', server.origin))

    expect(answer).toEqual([code, `status ${code}`])
    expect(server.requests).toHaveLength(1)
  })

  test('is not repeated where a second time may do more, unless the caller says otherwise', async () => {
    using scene = new UndiciScene({ settings: retrying(1) })
    await using server = await Loopback.start(status(503))
    const undici = copies['undici 8']

    await scene.as('orders', async () => {
      await (await fetch(server.origin, { method: 'POST' })).text()
      for (const [method, idempotent] of [
        ['POST', true],
        ['GET', false],
      ] as const) {
        await (await undici?.request(server.origin, { method, idempotent }))?.body.dump()
      }
    })

    expect(server.requests).toEqual(['POST /', 'POST /', 'POST /', 'GET /'])
    expect(scene.unsupported).toEqual([])
  })
})

describe('a request with a body', () => {
  test('is not repeated, which is told once for each guard', async () => {
    using scene = new UndiciScene({ settings: retrying(2) })
    await using server = await Loopback.start(status(503))
    const put = { method: 'PUT', body: 'x' }

    await scene.as('orders', async () => {
      await (await fetch(server.origin, put)).text()
      await (await fetch(server.origin, put)).text()
      await (await fetch(server.origin, { ...put, method: 'POST' })).text()
    })

    expect(server.requests).toEqual(['PUT /', 'PUT /', 'POST /'])
    expect(scene.unsupported).toEqual([`${server.origin} retry undici`])
  })

  test('tells nothing where there are no retries', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(ok)

    await scene.as('orders', async () => {
      await (await fetch(server.origin, { method: 'PUT', body: 'x' })).text()
    })

    expect(scene.unsupported).toEqual([])
  })
})

describe('a caller that goes away between two attempts', () => {
  test.each(ways)('by %s is answered at once, and no attempt follows', async (way) => {
    using scene = new UndiciScene({ settings: retrying(1), random: () => 0.99 })
    await using server = await Loopback.start(status(503))
    const controller = new AbortController()
    const reason = new Error('no longer needed')

    const sent = scene.as('orders', () => get(way, server.origin, controller.signal))
    const caught = sent.catch((error: unknown) => error)
    await until(() => expect(scene.outcomes).toEqual(['failure']))
    controller.abort(reason)

    expect(await caught).toBe(reason)
    expect(server.requests).toHaveLength(1)
    await until(() => expect(scene.guard(server.origin).isIdle).toBe(true))
  })
})

describe('a refusal', () => {
  test('is not repeated', async () => {
    using scene = new UndiciScene({ settings: retrying(2) })
    await using server = await Loopback.start(ok)
    scene.guard(server.origin).open()

    const error = await scene.as('orders', () =>
      get('global fetch', server.origin).catch(codeOfFetch),
    )

    expect(error).toBe('SOMON_GUARD_OPEN')
    expect(scene.outcomes).toEqual(['open'])
  })
})

function retrying(max: number, breaker: Partial<GuardSettings['breaker']> = {}): GuardSettings {
  return guardSettings(breaker, { retry: { max, budget: 1, minPerSecond: 10 } })
}

/** Answers one request after the other, each in its own way; the last one for all that follow. */
function inTurn(...answers: readonly Answer[]): Answer {
  let next = 0
  return (request, response) => {
    const answer = answers[Math.min(next, answers.length - 1)]
    next += 1
    answer?.(request, response)
  }
}

async function get(way: string, url: string, signal?: AbortSignal): Promise<[number, string]> {
  const copy = copies[way]
  if (copy === undefined) {
    const response = await fetch(url, { signal: signal ?? null })
    return [response.status, await response.text()]
  }
  const { statusCode, body } = await copy.request(url, { signal: signal ?? null })
  return [statusCode, await body.text()]
}
