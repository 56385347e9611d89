import { describe, expect, test } from 'vitest'
import { loadAsking } from '../chaos/support/asking-module.ts'
import { countBy } from '../chaos/support/count-by.ts'
import { offer } from '../chaos/support/open-loop.ts'
import { broken, startPlaces, well } from '../chaos/support/place.ts'
import { recoveries } from '../chaos/support/recovery.ts'

describe('settings as shipped', () => {
  test('close every circuit within 30 s after its dependency is well', async ({ annotate }) => {
    const all = await recoveries({
      outages: [
        12_000,
        17_000,
        23_000,
        31_000,
        { round: 2, afterMs: 800 },
        { round: 3, afterMs: 800 },
      ],
      guard: {},
      ...{ everyMs: 500, connections: 'kept' },
    })
    await annotate(
      JSON.stringify(all.map(({ name, outage, recoveriesMs }) => [name, outage, ...recoveriesMs])),
    )

    expect(all).toHaveLength(60)
    expect(all.filter(({ recoveriesMs }) => recoveriesMs.length !== 1)).toEqual([])
    expect(all.filter(({ recoveriesMs }) => recoveriesMs.some((ms) => ms >= 30_000))).toEqual([])
  })

  test('try a dependency that is up and down for a second less and less', async ({ annotate }) => {
    await using fleet = await startPlaces(1)
    const [place] = fleet.places
    await using asking = await loadAsking({ style: 'fetch', workers: 64 })
    const openMs: number[] = []
    asking.system.on('guard.transition', (event) => {
      if (event.to === 'open') openMs.push(event.openMs)
    })
    const outcomes: Promise<string>[] = []

    await offer({
      ...{ perSecond: 50, isOver: (elapsedMs) => elapsedMs >= 60_000 },
      call(index) {
        if (place === undefined) return
        place.answer = Math.floor(index / 50) % 2 === 0 ? well : broken
        outcomes.push(asking.ask(place.origin))
      },
    })
    const counts = countBy(await Promise.all(outcomes))
    await annotate(JSON.stringify({ counts, openMs }))

    // Half of 3,000 calls would fail; five at once open, and three of each half-open time may.
    const { '500 broken': failed = 0 } = counts
    expect(failed).toBeLessThanOrEqual(5 * openMs.length)
    expect(openMs.map((ms) => ms > 0.8 * 5000)).toEqual(openMs.map(() => true))
    expect(openMs.slice(2).every((ms) => ms >= 0.8 * 20_000)).toBe(true)
    expect(openMs.length).toBeLessThanOrEqual(5)
  })
})
