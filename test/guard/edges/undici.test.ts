import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { guardSettings } from '../support/settings.ts'
import { copies, Loopback, ok, status, UndiciScene, watchLeftovers } from './undici-scene.ts'

let checkLeftovers: () => Promise<void>
beforeAll(() => {
  checkLeftovers = watchLeftovers()
})
afterAll(() => checkLeftovers())

type Get = (url: string) => Promise<{ readonly code: number; readonly text: string }>

const ways: Record<string, Get> = {
  'global fetch': async (url) => {
    const response = await fetch(url)
    return { code: response.status, text: await response.text() }
  },
}
for (const [name, copy] of Object.entries(copies)) {
  ways[`fetch of ${name}`] = async (url) => {
    const response = await copy.fetch(url)
    return { code: response.status, text: await response.text() }
  }
  ways[`request of ${name}`] = async (url) => {
    const response = await copy.request(url)
    return { code: response.statusCode, text: await response.body.text() }
  }
}

describe.each(Object.entries(ways))('the undici edge under %s', (_name, get) => {
  test('counts a call for the owner whose code runs', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(ok)

    const answer = await scene.as('orders', () => get(`${server.origin}/v1?x=1`))

    expect(answer).toEqual({ code: 200, text: 'ok' })
    expect(scene.calls).toMatchObject([
      { owner: 'orders', dependency: server.origin, outcome: 'ok', stale: false },
    ])
  })

  test('delivers a failure unchanged, opens the circuit and lets nothing out', async () => {
    using scene = new UndiciScene({ settings: guardSettings({ consecutive: 2 }) })
    await using server = await Loopback.start(status(503))

    const first = await scene.as('orders', () => get(server.origin))
    const second = await scene.as('orders', () => get(server.origin))
    const opened = server.opened
    const third = scene.as('orders', () => get(server.origin))

    await expect(third).rejects.toSatisfy(
      (error: Error & { code?: string }) =>
        (error.code ?? (error.cause as { code?: string }).code) === 'SOMON_GUARD_OPEN',
    )
    expect([first, second]).toEqual([
      { code: 503, text: 'status 503' },
      { code: 503, text: 'status 503' },
    ])
    expect(scene.outcomes).toEqual(['failure', 'failure', 'open'])
    expect(server.requests).toHaveLength(2)
    expect(server.opened).toBe(opened)
  })

  test('leaves calls without an owner alone', async () => {
    using scene = new UndiciScene()
    await using server = await Loopback.start(ok)

    const answer = await get(server.origin)

    expect(answer.text).toBe('ok')
    expect(scene.lookups).toBe(0)
    expect(scene.calls).toEqual([])
  })
})
