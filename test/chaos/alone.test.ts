import { describe, expect, test } from 'vitest'
import type { GuardEvents } from '../../src/guard/events.ts'
import { loadAsking, type Asking } from './support/asking-module.ts'
import { countBy } from './support/count-by.ts'
import { offer } from './support/open-loop.ts'
import { broken, type Place, startPlaces, well } from './support/place.ts'

type Transition = GuardEvents['guard.transition']

const FETCH = { style: 'fetch', workers: 64 } as const

/** Offers calls to places in turn until something holds, and returns what came of them. */
async function load(
  asking: Asking,
  places: readonly Place[],
  perSecond: number,
  isOver: (elapsedMs: number) => boolean,
): Promise<string[][]> {
  const calls: Promise<string>[][] = places.map(() => [])
  await offer({
    ...{ perSecond, isOver },
    call(index) {
      const at = index % places.length
      calls[at]?.push(asking.ask(places[at]?.origin ?? ''))
    },
  })
  return Promise.all(calls.map((some) => Promise.all(some)))
}

/** All transitions of the guards of a system from now on. */
function transitionsOf({ system }: Asking): readonly Transition[] {
  const transitions: Transition[] = []
  system.on('guard.transition', (event) => transitions.push(event))
  return transitions
}

function guardOf({ system }: Asking, dependency: string) {
  return system.stats().guards.breakers[`main.ts:${dependency}`]
}

/** A pair of dependencies, of which the first one is called `x`. */
async function startPair(): Promise<
  AsyncDisposable & { readonly places: readonly Place[]; readonly x: Place; readonly y: Place }
> {
  const fleet = await startPlaces(2)
  const [x, y] = fleet.places as [Place, Place]
  return { places: [x, y], x, y, [Symbol.asyncDispose]: () => fleet[Symbol.asyncDispose]() }
}

describe('a dependency that answers slowly', () => {
  test('is left alone for being slow, and called again once it is fast', async () => {
    await using pair = await startPair()
    const { x, y, places } = pair
    const breaker = { slowCallMs: 500, slowRate: 0.5, minCalls: 10 }
    await using asking = await loadAsking(FETCH, {
      guard: {
        breaker: { recoveryMs: 6000, open: { baseMs: 500, factor: 1 } },
        dependencies: { x: { kind: 'http', match: [x.origin], breaker } },
      },
    })
    const transitions = transitionsOf(asking)
    const isOpen = (): boolean => transitions.length > 0
    x.answer = (_request, response) => void setTimeout(() => response.end('well'), 700)

    const before = await load(asking, places, 60, isOpen)
    const { requests } = x
    x.answer = well
    const after = await load(asking, places, 60, () => transitions.at(-1)?.to === 'closed')

    expect(transitions[0]).toMatchObject({ dependency: 'x', to: 'open', reason: 'slow-rate' })
    expect(transitions.every(({ dependency }) => dependency === 'x')).toBe(true)
    // The first ten, and those that were under way when the tenth was answered.
    expect(requests).toBeGreaterThanOrEqual(10)
    expect(countBy(before[0])).toEqual({ '200 well': requests })
    expect(countBy([before[1], after[1]].flat())).toEqual({ '200 well': y.requests })
    expect(x.requests - requests).toBeLessThanOrEqual(3 * transitions.length)
  })
})

describe('a dependency that flaps', () => {
  test('is tried less and less often', async () => {
    await using pair = await startPair()
    const { x, y, places } = pair
    await using asking = await loadAsking(FETCH, {
      guard: {
        breaker: { consecutive: 3, recoveryMs: 12_000, open: { baseMs: 250, jitter: 0 } },
        dependencies: { x: { kind: 'http', match: [x.origin] } },
      },
    })
    const transitions = transitionsOf(asking)
    // Up as long as nobody comes, down as soon as somebody does: the worst that it can do.
    asking.system.on('guard.transition', ({ to }) => {
      x.answer = to === 'closed' ? broken : well
    })
    x.answer = broken

    const outcomes = await load(asking, places, 100, () => openings(transitions).length === 4)

    expect(openings(transitions)).toEqual([250, 500, 1000, 2000])
    expect(countBy(outcomes[1])).toEqual({ '200 well': y.requests })
    // Each time three failures and two probes, and those that were under way at the same time.
    const { SOMON_GUARD_OPEN: refused = 0, ...sent } = countBy(outcomes[0])
    expect(Object.values(sent).reduce((sum, count) => sum + count, 0)).toBe(x.requests)
    expect(refused).toBeGreaterThan(x.requests)
  })
})

function openings(transitions: readonly Transition[]): number[] {
  return transitions.filter(({ to }) => to === 'open').map(({ openMs }) => openMs)
}

/** Offers calls for a while, and returns how many, how many requests came of them, and more. */
async function outage(mode: 'auto' | 'disabled') {
  await using pair = await startPair()
  const { x, y, places } = pair
  await using asking = await loadAsking(FETCH, {
    guard: {
      retry: { max: 2 },
      dependencies: { x: { kind: 'http', match: [x.origin], mode } },
    },
  })
  const transitions = transitionsOf(asking)
  x.answer = (_request, response) => response.writeHead(503).end()
  const [ofX = [], ofY] = await load(asking, places, 200, (elapsedMs) => elapsedMs >= 2500)
  const neighbour = { outcomes: countBy(ofY), requests: y.requests }
  return { offered: ofX.length, requests: x.requests, transitions, neighbour }
}

describe('a dependency that is out, called with retry.max 2', () => {
  test('gets hardly more than the calls while no circuit protects it', async () => {
    const { offered, requests, transitions, neighbour } = await outage('disabled')

    expect(requests).toBeLessThanOrEqual(1.25 * offered)
    expect(requests).toBeGreaterThan(1.1 * offered)
    expect(transitions).toEqual([])
    expect(neighbour.outcomes).toEqual({ '200 well': neighbour.requests })
  })

  test('gets nearly nothing once its circuit is open', async () => {
    const { offered, requests, transitions, neighbour } = await outage('auto')

    expect(transitions).toMatchObject([{ dependency: 'x', to: 'open', reason: 'consecutive' }])
    expect(requests).toBeLessThan(offered / 4)
    expect(neighbour.outcomes).toEqual({ '200 well': neighbour.requests })
  })
})

describe('settings that change under load', () => {
  test('lose no sample, open nothing and close nothing', async () => {
    await using pair = await startPair()
    const { x, y, places } = pair
    const breaker = { windowMs: 60_000, recoveryMs: 90_000, open: { baseMs: 60_000, jitter: 0 } }
    await using asking = await loadAsking(FETCH, { guard: { breaker } })
    const transitions = transitionsOf(asking)
    const shapes = [
      { breaker: { windowMs: 120_000, buckets: 7 }, bulkhead: { max: 40 } },
      { breaker: { windowMs: 60_000, buckets: 60 }, bulkhead: { mode: 'gradient2' } },
      { breaker: { failureRate: 0.9, minCalls: 5 }, timeoutMs: 20_000, bulkhead: { mode: 'off' } },
      { breaker: { failureRate: 0.6, minCalls: 30 }, timeoutMs: 15_000, bodyIdleMs: 0 },
      { bulkhead: { mode: 'fixed' }, rate: { perSecond: 10_000 }, abandonMs: 1 },
      { rate: { perSecond: 0 }, retry: { max: 0, budget: 0.5 } },
    ] as const
    // A third of the answers speak against it: less than any of the rates that are set.
    y.answer = (request, response) => (y.requests % 3 === 0 ? broken : well)(request, response)
    x.answer = broken
    let changes = 0
    const changing = setInterval(() => {
      asking.system.configure({ guard: shapes[changes % shapes.length] ?? {} })
      changes += 1
    }, 10)

    const outcomes = await load(asking, places, 200, (elapsedMs) => elapsedMs >= 2000)
    clearInterval(changing)

    expect(changes).toBeGreaterThan(shapes.length)
    expect(transitions).toMatchObject([{ dependency: x.origin, to: 'open' }])
    const { SOMON_GUARD_OPEN: refused, ...sent } = countBy(outcomes[0])
    expect(sent).toEqual({ '500 broken': x.requests })
    const told = guardOf(asking, x.origin)
    expect((told?.window.failure ?? 0) + (told?.totals.stale ?? 0)).toBe(x.requests)
    expect(told?.window.refused).toBe(refused)
    const { '200 well': ok, '500 broken': failure } = countBy(outcomes[1])
    expect(guardOf(asking, y.origin)?.window).toMatchObject({ ok, failure, refused: 0 })
    expect((ok ?? 0) + (failure ?? 0)).toBe(outcomes[1]?.length)
  })
})
