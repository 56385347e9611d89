import { once } from 'node:events'
import { Readable } from 'node:stream'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  codeOfFetch,
  copies,
  Loopback,
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

describe('a streaming upload', () => {
  test.each(ways)('of %s arrives whole', async (way) => {
    using scene = new UndiciScene()
    await using server = await Loopback.start((request, response) => {
      request.pipe(response)
    })

    const answer = await scene.as('orders', () => upload(way, server.origin, parts()))

    expect(answer).toBe('one two three ')
    expect(scene.outcomes).toEqual(['ok'])
  })

  test.each(ways)('of %s that throws is the caller’s own fault', async (way) => {
    using scene = new UndiciScene()
    await using server = await Loopback.start((request, response) => {
      request.on('error', () => {})
      request.resume().on('end', () => response.end('ok'))
    })
    const fault = new Error('no such file')

    const error = await scene.as('orders', () =>
      upload(way, server.origin, parts(fault)).catch(rootOf),
    )

    expect(error).toBe(fault)
    await until(() => expect(scene.outcomes).toEqual(['ignored']))
  })

  test('of a Node stream that breaks is the caller’s own fault', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start((request) => {
      request.on('error', () => {}).resume()
    })
    const fault = new Error('no such file')
    const stream = new Readable({ read() {} })
    stream.push('part')

    const sent = scene.as('orders', () =>
      copies['undici 8']?.request(server.origin, { method: 'POST', body: stream }),
    )
    const caught = Promise.resolve(sent).catch((error: unknown) => error)
    await once(server.server, 'request')
    stream.destroy(fault)

    expect(await caught).toBe(fault)
    await until(() => expect(scene.outcomes).toEqual(['ignored']))
  })

  test('that the server breaks off is the failure of the server', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start((request) => request.socket.destroy())

    const ended = Promise.withResolvers<string>()
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) {
          yield Buffer.from('part')
          await new Promise(setImmediate)
        }
      } finally {
        ended.resolve('closed')
      }
    }

    const error = await scene.as('orders', () =>
      upload('undici 8', server.origin, endless()).catch(codeOfFetch),
    )

    expect(error).toMatch(/UND_ERR_SOCKET|ECONNRESET|EPIPE/)
    expect(await ended.promise).toBe('closed')
    expect(scene.outcomes).toEqual(['failure'])
  })
})

async function* parts(fault?: Error): AsyncGenerator<Uint8Array> {
  for (const part of ['one ', 'two ', 'three ']) {
    yield Buffer.from(part)
    if (fault !== undefined) throw fault
  }
}

function rootOf(error: unknown): unknown {
  return error instanceof Error && error.cause !== undefined ? rootOf(error.cause) : error
}

async function upload(way: string, url: string, body: AsyncIterable<Uint8Array>): Promise<string> {
  const copy = copies[way]
  if (copy !== undefined) {
    const answer = await copy.request(url, { method: 'POST', body: body as never })
    return answer.body.text()
  }
  const init = { method: 'POST', body: ReadableStream.from(body), duplex: 'half' }
  return (await fetch(url, init as RequestInit)).text()
}
