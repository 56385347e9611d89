import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FakeClock } from '../../support/fake-clock.ts'
import { guardSettings } from '../support/settings.ts'
import {
  codeOfFetch,
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

const CALLS = 1000

describe('1,000 calls at once to a server that hangs', () => {
  test('touch none of those to a healthy one beside, and all are answered', async () => {
    const bulkhead = { mode: 'fixed', max: CALLS, queue: 0, queueTimeoutMs: 1000 } as const
    const settings = guardSettings({ consecutive: CALLS / 2 }, { timeoutMs: 4000, bulkhead })
    const clock = new FakeClock()
    using scene = new UndiciScene({ settings }, clock)
    await using hanging = await Loopback.start(hang)
    await using healthy = await Loopback.start(ok)
    const outcomesOf = ({ origin }: Loopback): Record<string, number> =>
      countBy(scene.calls.filter(({ dependency }) => dependency === origin))

    const sent = scene.as('orders', () =>
      Array.from({ length: CALLS }, () => fetch(hanging.origin).catch(codeOfFetch)),
    )
    const texts: string[] = []
    for (let i = 0; i < 200; i += 1) {
      texts.push(await scene.as('orders', async () => (await fetch(healthy.origin)).text()))
    }
    const codes = await Promise.all(sent)

    const late = await scene.as('orders', () =>
      Promise.all(Array.from({ length: 200 }, () => fetch(hanging.origin).catch(codeOfFetch))),
    )

    expect(codes.every((code) => code === 'SOMON_GUARD_TIMEOUT')).toBe(true)
    expect(late.every((code) => code === 'SOMON_GUARD_OPEN')).toBe(true)
    expect(texts).toEqual(texts.map(() => 'ok'))
    expect(outcomesOf(healthy)).toEqual({ ok: 200 })
    expect(outcomesOf(hanging)).toEqual({ timeout: CALLS, open: 200 })
    expect(healthy.cut).toBe(0)
    await until(() => expect(hanging.cut).toBe(hanging.requests.length))
    expect(hanging.requests.length).toBeLessThanOrEqual(CALLS)
    await until(() => expect(scene.guard(hanging.origin).isIdle).toBe(true))
    await clock.advance(5000)
    expect(scene.covered.covers(`127.0.0.1:${hanging.port}`)).toBe(false)
  })

  test('with a bulkhead open no more connections than it has places', async () => {
    const bulkhead = { mode: 'fixed', max: 20, queue: 30, queueTimeoutMs: 60_000 } as const
    const settings = guardSettings(
      { consecutive: 1, failureRate: 1 },
      { timeoutMs: 1500, bulkhead },
    )
    using scene = new UndiciScene({ settings })
    await using hanging = await Loopback.start(hang)

    const codes = await scene.as('orders', () =>
      Promise.all(Array.from({ length: CALLS }, () => fetch(hanging.origin).catch(codeOfFetch))),
    )

    expect(countBy(codes.map((code) => ({ outcome: String(code) })))).toEqual({
      SOMON_GUARD_TIMEOUT: 20,
      SOMON_GUARD_OPEN: 30,
      SOMON_GUARD_FULL: CALLS - 50,
    })
    expect(hanging.requests.length).toBeLessThanOrEqual(20)
  })
})

function countBy(calls: readonly { readonly outcome: string }[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { outcome } of calls) counts[outcome] = (counts[outcome] ?? 0) + 1
  return counts
}
