import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { EventHub } from '../../src/base/events.ts'
import type { EvaluateEvents } from '../../src/evaluate/events.ts'
import { Ledger } from '../../src/evaluate/ledger.ts'
import { RetiredGenerations } from '../../src/evaluate/retired.ts'
import { FakeClock } from '../support/fake-clock.ts'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

/** Two major collections, and the turns in which observers and finalizers run. */
async function collectTwice(): Promise<void> {
  for (let round = 0; round < 3; round += 1) {
    collect()
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
  }
}

interface Rig {
  readonly clock: FakeClock
  readonly events: EventHub<EvaluateEvents>
  readonly retired: RetiredGenerations
  readonly collected: string[]
  settings: { leakWarnMs: number }
}

function createRig(): Rig {
  const clock = new FakeClock()
  const events = new EventHub<EvaluateEvents>()
  const settings = { leakWarnMs: 60_000 }
  const collected: string[] = []
  const retired = new RetiredGenerations({
    clock,
    collected: events.channel('generation.collected'),
    leaked: events.channel('generation.leaked'),
    leakWarnMs: () => settings.leakWarnMs,
    onCollected: (filename) => collected.push(filename),
  })
  return { clock, events, retired, collected, settings }
}

const facts = { module: 'a.ts', number: 3, filename: '/a.ts?g=3', ledger: undefined }

describe('RetiredGenerations', () => {
  test('names a generation once: after leakWarnMs and two major collections', async () => {
    const { clock, events, retired } = createRig()
    const leaked: unknown[] = []
    events.on('generation.leaked', (event) => leaked.push(event))
    const tag = {}
    const ledger = new Ledger(facts.filename)
    const timer = setInterval(() => {}, 1000)
    ledger.timer(timer, () => {}, false)
    retired.watch(tag, { ...facts, ledger })
    retired.retire(tag)

    await clock.advance(60_000)
    const beforeCollections = leaked.length
    await collectTwice()
    await collectTwice()

    expect(beforeCollections).toBe(0)
    expect(leaked).toEqual([{ module: 'a.ts', number: 3, ageMs: 60_000, ledger: { timer: 1 } }])
    expect(retired.list()).toEqual([expect.objectContaining({ number: 3, leaked: true })])
    clearInterval(timer)
    retired.close()
  })

  test('waits for leakWarnMs when the collections were quicker', async () => {
    const { clock, events, retired } = createRig()
    const leaked: number[] = []
    events.on('generation.leaked', (event) => leaked.push(event.ageMs))
    const tag = {}
    retired.watch(tag, facts)
    retired.retire(tag)

    await collectTwice()
    await clock.advance(59_999)
    const tooEarly = leaked.length
    await clock.advance(1)

    expect(tooEarly).toBe(0)
    expect(leaked).toEqual([60_000])
    retired.close()
  })

  test('forgets what is collected and says so', async () => {
    const { clock, events, retired, collected } = createRig()
    const seen: unknown[] = []
    events.on('generation.collected', (event) => seen.push(event))
    ;(() => {
      const tag = {}
      retired.watch(tag, facts)
      retired.retire(tag)
    })()
    await clock.advance(10)

    await collectTwice()

    expect(collected).toEqual(['/a.ts?g=3'])
    expect(seen).toEqual([{ module: 'a.ts', number: 3, afterMs: 10 }])
    expect(retired.list()).toEqual([])
    expect(clock.pending).toBe(0)
  })

  test('leakWarnMs 0 switches the warning off', async () => {
    const { clock, events, retired, settings } = createRig()
    const leaked: unknown[] = []
    events.on('generation.leaked', (event) => leaked.push(event))
    settings.leakWarnMs = 0
    const tag = {}
    retired.watch(tag, facts)
    retired.retire(tag)

    await clock.advance(1e9)
    await collectTwice()

    expect(leaked).toEqual([])
    expect(clock.pending).toBe(0)
    expect(retired.list()).toHaveLength(1)
    retired.close()
  })

  test('watches nothing any more once it is closed', async () => {
    const { clock, retired } = createRig()
    const [watched, late] = [{}, {}]
    retired.watch(watched, facts)

    retired.close()
    retired.watch(late, facts)
    retired.retire(watched)
    retired.retire(late)

    expect(clock.pending).toBe(0)
    expect(retired.list()).toEqual([])
  })

  test('a generation that is collected before it retires leaves no trace', async () => {
    const { retired, collected } = createRig()
    ;(() => retired.watch({}, facts))()

    await collectTwice()

    expect(collected).toEqual(['/a.ts?g=3'])
    expect(retired.list()).toEqual([])
  })
})
