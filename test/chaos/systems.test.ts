import { describe, expect, test } from 'vitest'
import { type Asking, loadAsking, type Style } from './support/asking-module.ts'
import { countBy } from './support/count-by.ts'
import { offer } from './support/open-loop.ts'
import { broken, type Place, startPlaces } from './support/place.ts'

const SLOTS = ['undici.globalDispatcher.1', 'undici.globalDispatcher.2'].map((name) =>
  Symbol.for(name),
)

function dispatchers(): readonly unknown[] {
  return SLOTS.map((slot) => Reflect.get(globalThis, slot))
}

/** Offers each system calls of every place in turn, and returns what came of them, by place. */
async function load(
  systems: readonly Asking[],
  places: readonly Place[],
  ms: number,
): Promise<string[][][]> {
  const calls: Promise<string>[][][] = systems.map(() => places.map(() => []))
  await offer({
    perSecond: 200,
    isOver: (elapsedMs) => elapsedMs >= ms,
    call(index) {
      const system = index % systems.length
      const place = Math.floor(index / systems.length) % places.length
      const answer = systems[system]?.ask(places[place]?.origin ?? '')
      if (answer !== undefined) calls[system]?.[place]?.push(answer)
    },
  })
  return Promise.all(
    calls.map((ofSystem) => Promise.all(ofSystem.map((ofPlace) => Promise.all(ofPlace)))),
  )
}

/** What the guards of a system say of one dependency. */
function told({ system }: Asking, { origin }: Place) {
  const { state, totals } = system.stats().guards.breakers[`main.ts:${origin}`] ?? {}
  return { state, totals }
}

describe.each<Style>(['fetch', 'axios'])('two systems that ask the same by %s', (style) => {
  test('have circuits of their own, and each counts its own calls', async () => {
    await using fleet = await startPlaces(4)
    const [well, sick, shut] = fleet.places as [Place, Place, Place, Place]
    const options = { style, workers: 64 } as const
    const open = { baseMs: 20_000, jitter: 0 }
    await using one = await loadAsking(options, { guard: { breaker: { consecutive: 2, open } } })
    const never = { consecutive: 0, minCalls: 10_000 }
    await using other = await loadAsking(options, { guard: { breaker: never } })
    sick.answer = broken
    await Promise.all([one, other].map(({ ask }) => ask(shut.origin)))
    other.system.actOnGuards('isolate', [shut.origin])

    const [ofOne = [], ofOther = []] = await load([one, other], fleet.places, 1500)

    expect([ofOne, ofOther].map(([first]) => Object.keys(countBy(first)))).toEqual([
      ['200 well'],
      ['200 well'],
    ])
    expect(told(one, well).totals?.ok).toBe(ofOne[0]?.length)
    expect(told(other, well).totals?.ok).toBe(ofOther[0]?.length)
    const { '500 broken': sentByOne = 0 } = countBy(ofOne[1])
    expect(told(one, sick)).toMatchObject({ state: 'open' })
    expect(told(other, sick)).toMatchObject({ state: 'closed' })
    expect(Object.keys(countBy(ofOther[1]))).toEqual(['500 broken'])
    expect(sick.requests).toBe(sentByOne + (ofOther[1]?.length ?? 0))
    expect(sentByOne).toBeLessThan((ofOther[1]?.length ?? 0) / 2)
    expect(Object.keys(countBy(ofOne[2]))).toEqual(['200 well'])
    expect(Object.keys(countBy(ofOther[2]))).toEqual(['SOMON_GUARD_ISOLATED'])
  })

  test('end one by one, without harm to the other, and leave nothing behind', async () => {
    await using fleet = await startPlaces(2)
    // Node sets its dispatcher when it is asked for it first.
    void globalThis.Headers
    const before = dispatchers()
    const one = await loadAsking({ style, workers: 64 })
    const other = await loadAsking({ style, workers: 64 })
    await Promise.all([one, other].map(({ ask }) => ask(fleet.places[0]?.origin ?? '')))

    const running = load([other], fleet.places, 1000)
    await one[Symbol.asyncDispose]()
    const [ofOther = []] = await running
    const counted = fleet.places.map((place) => told(other, place).totals?.ok ?? 0)
    await other[Symbol.asyncDispose]()

    expect(ofOther.map((outcomes) => Object.keys(countBy(outcomes)))).toEqual([
      ['200 well'],
      ['200 well'],
    ])
    // One call came before all others.
    expect(counted).toEqual([(ofOther[0]?.length ?? 0) + 1, ofOther[1]?.length])
    expect(dispatchers().map((found, at) => found === before[at])).toEqual([true, true])
  })
})
