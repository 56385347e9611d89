import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createSocketEdge } from '../../../src/guard/edges/socket.ts'
import { guardSettings } from '../support/settings.ts'
import {
  type Answer,
  copies,
  hang,
  Loopback,
  ok,
  UndiciScene,
  until,
  watchLeftovers,
} from './undici-scene.ts'

let checkLeftovers: () => Promise<void>
beforeAll(() => {
  checkLeftovers = watchLeftovers()
})
afterAll(() => checkLeftovers())

const cutOff: Answer = (request) => {
  request.socket.destroy()
}
const stream: Answer = (_request, response) => {
  response.write('part')
}
const breaks: Answer = (_request, response) => {
  response.writeHead(200, { 'content-length': '100' })
  response.write('part', () => response.destroy())
}

describe.each(['global fetch', ...Object.keys(copies)])('a call by %s', (way) => {
  const get = async (url: string, signal: AbortSignal | null = null): Promise<unknown> => {
    const { fetch: send } = copies[way] ?? { fetch }
    return (await send(url, { signal })).text()
  }

  test.each([
    ['times out', hang, false],
    ['is given up', hang, true],
    ['is cut off', cutOff, false],
    ['breaks in its body', breaks, false],
    ['is given up in its body', stream, true],
  ])(
    'that %s is no bypass, nor is the connection that undici opens in place of the lost one',
    async (_what, answer, isGivenUp) => {
      using scene = new UndiciScene({ settings: guardSettings({}, { timeoutMs: 1500 }) })
      const sockets = createSocketEdge(scene.host, scene.covered).install()
      await using server = await Loopback.start(answer)
      await using other = await Loopback.start(ok)

      await scene.as('orders', async () => {
        const controller = new AbortController()
        const sent = get(server.origin, controller.signal).catch(() => 'failed')
        await until(() => expect(server.requests).toHaveLength(1))
        if (isGivenUp) controller.abort()
        await sent
      })
      await until(() => expect(server.cut).toBe(1))
      // Turns enough for a second connection, where one is opened.
      for (let i = 0; i < 20; i += 1) await get(other.origin)
      sockets[Symbol.dispose]()

      expect(scene.bypassed).toEqual([])
    },
  )
})
