import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { guardSettings } from '../support/settings.ts'
import {
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
/** A reader by global fetch that begins late may get nothing (docs/notes/undici.md). */
const lateWays = Object.keys(copies)

describe.each(ways)('the body of an answer to %s', (way) => {
  test('that breaks is a failure after the success', async () => {
    const clock = new FakeClock()
    using scene = new UndiciScene({}, clock)
    await using server = await Loopback.start((_request, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('part', () => response.destroy())
    })

    const error = await scene.as('orders', () => read(way, server.origin).catch(codeOfFetch))

    expect(error).toBe('UND_ERR_SOCKET')
    expect(clock.pending).toBe(0)
    expect(scene.outcomes).toEqual(['ok', 'failure'])
    expect(scene.guard(server.origin).snapshot().window).toMatchObject({ consecutive: 1 })
  })

  test('that falls silent ends with the coded error, is a timeout, and its socket goes', async () => {
    const clock = new FakeClock()
    using scene = new UndiciScene({}, clock)
    await using server = await Loopback.start((_request, response) => {
      response.write('and then nothing')
    })

    const reading = scene.as('orders', () => read(way, server.origin).catch(codeOfFetch))
    await until(() => expect(scene.outcomes).toEqual(['ok']))
    await clock.advance(29_999)
    const before = server.cut
    await clock.advance(1)
    await until(() => expect(server.cut).toBe(1))
    const error = await reading

    expect(before).toBe(0)
    expect(clock.pending).toBe(0)
    expect(error).toBe('SOMON_GUARD_TIMEOUT')
    expect(scene.outcomes).toEqual(['ok', 'timeout'])
  })

  test('that its caller leaves says nothing', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start((_request, response) => {
      response.write('and so on')
    })
    const controller = new AbortController()
    const reason = Object.assign(new Error('enough'), { code: 'ECONNRESET' })

    const reading = scene.as('orders', () => read(way, server.origin, controller.signal))
    const caught = reading.catch((error: unknown) => error)
    await until(() => expect(scene.outcomes).toEqual(['ok']))
    controller.abort(reason)

    expect(await caught).toBe(reason)
    await until(() => expect(server.cut).toBe(1))
    expect(scene.outcomes).toEqual(['ok'])
  })
})

describe('a body', () => {
  test('of a failure that breaks is no second failure', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start((_request, response) => {
      response.writeHead(500, { 'content-length': '100' })
      response.write('part', () => response.destroy())
    })

    const error = await scene.as('orders', () =>
      read('global fetch', server.origin).catch(codeOfFetch),
    )

    expect(error).toBe('UND_ERR_SOCKET')
    expect(scene.outcomes).toEqual(['failure'])
  })

  test('that breaks after the circuit has changed its state is stale', async () => {
    using scene = new UndiciScene()
    const answered = Promise.withResolvers<ServerResponse>()
    await using server = await Loopback.start((_request, response) => {
      response.writeHead(200, { 'content-length': '100' }).write('part')
      answered.resolve(response)
    })

    const reading = scene.as('orders', () => read('global fetch', server.origin).catch(codeOfFetch))
    await until(() => expect(scene.outcomes).toEqual(['ok']))
    scene.guard(server.origin).reset()
    ;(await answered.promise).destroy()

    expect(await reading).toBe('UND_ERR_SOCKET')
    expect(scene.calls.map(({ outcome, stale }) => [outcome, stale])).toEqual([
      ['ok', false],
      ['failure', true],
    ])
    expect(scene.guard(server.origin).snapshot().window.failure).toBe(0)
  })

  test('that speaks from time to time is not silent', async () => {
    const clock = new FakeClock()
    using scene = new UndiciScene({}, clock)
    const answered = Promise.withResolvers<ServerResponse>()
    await using server = await Loopback.start((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      answered.resolve(response)
    })
    const events: string[] = []

    const { body } = await scene.as('orders', () => fetch(server.origin))
    const reader = body?.pipeThrough(new TextDecoderStream()).getReader()
    for (let i = 0; i < 5; i += 1) {
      await clock.advance(20_000)
      ;(await answered.promise).write(`data: ${i}\n\n`)
      events.push((await reader?.read())?.value ?? '')
    }
    ;(await answered.promise).end()
    const last = await reader?.read()

    expect(events).toEqual([0, 1, 2, 3, 4].map((i) => `data: ${i}\n\n`))
    expect(last?.done).toBe(true)
    expect(scene.outcomes).toEqual(['ok'])
    expect(clock.pending).toBe(0)
  })

  test.each(lateWays)('that its reader by %s does not take is not silent', async (way) => {
    const clock = new FakeClock()
    using scene = new UndiciScene({}, clock)
    let sent = 0
    await using server = await Loopback.start((_request, response) => {
      const chunks = Array.from({ length: 500 }, () => Buffer.alloc(64 * 1024))
      Readable.from(chunks)
        .on('data', () => (sent += 1))
        .pipe(response)
    })

    const body = await scene.as('orders', () => open(way, server.origin))
    await unchanged(() => sent)
    const taken = sent
    await clock.advance(100_000)
    let total = 0
    for await (const chunk of body) total += (chunk as Uint8Array).byteLength

    expect(taken).toBeLessThan(500)
    expect(total).toBe(500 * 64 * 1024)
    expect(scene.outcomes).toEqual(['ok'])
  })

  test.each(lateWays)(
    'that falls silent after its reader by %s has caught up ends',
    async (way) => {
      const clock = new FakeClock()
      using scene = new UndiciScene({}, clock)
      let sent = 0
      const size = 500 * 64 * 1024
      await using server = await Loopback.start((_request, response) => {
        const chunks = Array.from({ length: 500 }, () => Buffer.alloc(64 * 1024))
        Readable.from(chunks)
          .on('data', () => (sent += 1))
          .pipe(response, { end: false })
      })

      const body = await scene.as('orders', () => open(way, server.origin))
      await unchanged(() => sent)
      let total = 0
      const reading = (async () => {
        for await (const chunk of body) total += (chunk as Uint8Array).byteLength
      })()
      const error = reading.catch(codeOfFetch)
      await until(() => expect(total).toBe(size))
      await clock.advance(30_000)
      await clock.advance(30_000)

      expect(await error).toBe('SOMON_GUARD_TIMEOUT')
      expect(scene.outcomes).toEqual(['ok', 'timeout'])
    },
  )

  test('may be silent for ever where bodyIdleMs is 0', async () => {
    using scene = new UndiciScene({ settings: guardSettings({}, { bodyIdleMs: 0 }) })
    const answered = Promise.withResolvers<ServerResponse>()
    await using server = await Loopback.start((_request, response) => {
      response.write('a')
      answered.resolve(response)
    })

    const reading = scene.as('orders', () => read('global fetch', server.origin))
    const response = await answered.promise
    await until(() => expect(scene.outcomes).toEqual(['ok']))
    response.end('b')

    expect(await reading).toBe('ab')
  })

  test('holds no place of the bulkhead, so streams do not use it up', async () => {
    const bulkhead = { mode: 'fixed', max: 2, queue: 0, queueTimeoutMs: 100 } as const
    using scene = new UndiciScene({ settings: guardSettings({}, { bulkhead }) })
    await using server = await Loopback.start((_request, response) => {
      response.write('stream')
    })

    const streams: Response[] = []
    for (let i = 0; i < 8; i += 1) {
      streams.push(await scene.as('orders', () => fetch(server.origin)))
    }

    expect(scene.outcomes).toEqual(streams.map(() => 'ok'))
    expect(scene.guard(server.origin).isIdle).toBe(true)
    expect(scene.covered.covers(`127.0.0.1:${server.port}`)).toBe(false)
    for (const { body } of streams) await body?.cancel()
  })
})

describe('a handler that throws', () => {
  test('at what it is told is no fault of the server', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(ok)
    const undici = copies['undici 8']
    const fault = new Error('handler')

    const error = await new Promise((resolve) => {
      scene.as('orders', () =>
        undici?.getGlobalDispatcher().dispatch(
          { origin: server.origin, path: '/', method: 'GET' },
          {
            onRequestStart() {},
            onResponseStart() {
              throw fault
            },
            onResponseData() {},
            onResponseEnd() {},
            onResponseError: (_controller, thrown) => resolve(thrown),
          },
        ),
      )
    })

    expect(error).toBe(fault)
    await until(() => expect(scene.outcomes).toEqual(['ok']))
  })

  test('at an answer that was held hears of it', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(status(500))
    const undici = copies['undici 8']
    const fault = new Error('handler')

    const error = await new Promise((resolve) => {
      scene.as('orders', () =>
        undici?.getGlobalDispatcher().dispatch(
          { origin: server.origin, path: '/', method: 'GET' },
          {
            onRequestStart() {},
            onResponseStart() {
              throw fault
            },
            onResponseData() {},
            onResponseEnd() {},
            onResponseError: (_controller, thrown) => resolve(thrown),
          },
        ),
      )
    })

    expect(error).toBe(fault)
    expect(scene.outcomes).toEqual(['failure'])
  })
})

/** Waits until a number has stopped to grow. */
async function unchanged(current: () => number): Promise<void> {
  let last = -1
  let times = 0
  await until(() => {
    times = current() === last ? times + 1 : 0
    last = current()
    expect(times).toBeGreaterThan(10)
  })
}

async function open(
  way: string,
  url: string,
  signal?: AbortSignal,
): Promise<AsyncIterable<unknown>> {
  const copy = copies[way]
  if (copy !== undefined) return (await copy.request(url, { signal: signal ?? null })).body
  const { body } = await fetch(url, { signal: signal ?? null })
  if (body === null) throw new Error('no body')
  return body
}

async function read(way: string, url: string, signal?: AbortSignal): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of await open(way, url, signal))
    text += decoder.decode(chunk as Uint8Array)
  return text
}
