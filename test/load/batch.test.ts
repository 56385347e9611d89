import { describe, expect, test } from 'vitest'
import type { BuildOutcome } from '../../src/bundle/build-outcome.ts'
import { MAX_BATCH } from '../../src/bundle/build-options.ts'
import { BuildBatcher } from '../../src/load/batch.ts'
import type { BatchedBuild, BatchLimits } from '../../src/load/batch.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { artifactOf } from './support/artifacts.ts'

const NEVER = new AbortController().signal
const COLD = { signal: NEVER, hot: false }

describe('BuildBatcher.submit()', () => {
  test('builds in one build what is asked for in one turn', async () => {
    const { batcher, builds } = createBatcher()

    const results = Promise.all([batcher.submit('a', COLD), batcher.submit('b', COLD)])
    await turn()

    expect(builds.map((build) => build.entries)).toEqual([['a', 'b']])
    builds[0]?.finish()
    expect((await results).map(({ outcome }) => outcome.entry)).toEqual(['a', 'b'])
  })

  test('says when the build began to read, not when it ended', async () => {
    const { batcher, builds, clock } = createBatcher()
    const asked = clock.now()
    const result = batcher.submit('a', COLD)
    await turn()

    await clock.advance(5000)
    builds[0]?.finish()

    expect(await result).toMatchObject({ startedAt: asked, durationMs: 5000 })
  })

  test('makes 16 builds of 1,000 entries', async () => {
    const { batcher, builds } = createBatcher({ maxConcurrentBuilds: 2 })

    const all = Array.from({ length: 1000 }, (_, index) => batcher.submit(`e${index}`, COLD))
    for (let index = 0; index < 16; index += 1) {
      await turn()
      builds[index]?.finish()
    }
    await Promise.all(all)

    expect(builds).toHaveLength(16)
    expect(Math.max(...builds.map((build) => build.entries.length))).toBe(MAX_BATCH)
  })

  test('runs no more builds at once than maxConcurrentBuilds, and gathers meanwhile', async () => {
    const { batcher, builds } = createBatcher({ maxConcurrentBuilds: 1 })
    const first = batcher.submit('a', COLD)
    await turn()
    const second = batcher.submit('b', COLD)
    await turn()
    const third = batcher.submit('c', COLD)
    await turn()
    const whileBuilding = { building: batcher.building, queued: batcher.queued }

    builds[0]?.finish()
    await first
    await turn()
    builds[1]?.finish()
    await Promise.all([second, third])

    expect(whileBuilding).toEqual({ building: 1, queued: 2 })
    expect(builds.map((build) => build.entries)).toEqual([['a'], ['b', 'c']])
  })

  test('keeps hot entries out of cold builds', async () => {
    const { batcher, builds } = createBatcher()

    void batcher.submit('a', COLD)
    void batcher.submit('b', { signal: NEVER, hot: true })
    await turn()

    expect(builds.map(({ entries, hot }) => [entries, hot])).toEqual([
      [['a'], false],
      [['b'], true],
    ])
  })

  test('builds an entry once that is asked for twice', async () => {
    const { batcher, builds } = createBatcher()

    const both = Promise.all([batcher.submit('a', COLD), batcher.submit('a', COLD)])
    await turn()
    builds[0]?.finish()

    const [one, other] = await both
    expect(builds[0]?.entries).toEqual(['a'])
    expect(one.outcome).toBe(other.outcome)
  })

  test('rejects with SOMON_LOAD_QUEUE_FULL when maxQueued entries wait', async () => {
    const { batcher, builds } = createBatcher({ maxConcurrentBuilds: 1, maxQueued: 2 })
    void batcher.submit('a', COLD)
    await turn()
    const waiting = [batcher.submit('b', COLD), batcher.submit('c', COLD)]

    const refused = batcher.submit('d', COLD)

    await expect(refused).rejects.toMatchObject({
      code: 'SOMON_LOAD_QUEUE_FULL',
      retryable: true,
      data: { maxQueued: 2 },
    })
    builds[0]?.finish()
    await turn()
    builds[1]?.finish()
    expect(await Promise.all(waiting)).toHaveLength(2)
  })

  test('does not count as waiting what can be built at once', async () => {
    const { batcher, builds } = createBatcher({ maxConcurrentBuilds: 1, maxQueued: 0 })

    const first = batcher.submit('a', COLD)
    await turn()
    builds[0]?.finish()

    expect((await first).outcome.entry).toBe('a')
  })

  test('applies changed limits to what waits', async () => {
    const { batcher, builds } = createBatcher({ maxConcurrentBuilds: 1 })
    void batcher.submit('a', COLD)
    await turn()
    void batcher.submit('b', COLD)
    await turn()
    const before = builds.length

    batcher.limits = { maxConcurrentBuilds: 2, maxQueued: 10 }
    await turn()

    expect([before, builds.length]).toEqual([1, 2])
  })

  test('lets one leave without disturbing the others of its build', async () => {
    const { batcher, builds } = createBatcher()
    const leaver = new AbortController()
    const gone = batcher.submit('a', { signal: leaver.signal, hot: false })
    const stays = batcher.submit('b', COLD)
    await turn()

    leaver.abort(new Error('left'))
    await expect(gone).rejects.toThrow('left')
    builds[0]?.finish()

    expect((await stays).outcome.entry).toBe('b')
    expect(builds[0]?.signal.aborted).toBe(false)
  })

  test('aborts a build that nobody waits for', async () => {
    const { batcher, builds } = createBatcher()
    const leaver = new AbortController()
    const gone = ['a', 'b'].map((entry) =>
      batcher.submit(entry, { ...COLD, signal: leaver.signal }),
    )
    await turn()

    leaver.abort(new Error('left'))
    const settled = await Promise.allSettled(gone)

    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(builds[0]?.signal.aborted).toBe(true)
  })

  test('never builds what left the queue', async () => {
    const { batcher, builds } = createBatcher()
    const leaver = new AbortController()
    const gone = batcher.submit('a', { ...COLD, signal: leaver.signal })

    leaver.abort(new Error('left'))
    await expect(gone).rejects.toThrow('left')
    await turn()

    expect(builds).toEqual([])
    expect(batcher.queued).toBe(0)
  })

  test('passes a broken build on to everybody and goes on', async () => {
    const { batcher, builds } = createBatcher({ maxConcurrentBuilds: 1 })
    const broken = [batcher.submit('a', COLD), batcher.submit('b', COLD)]
    await turn()

    builds[0]?.fail(new Error('service died'))
    const settled = await Promise.allSettled(broken)
    const next = batcher.submit('c', COLD)
    await turn()
    builds[1]?.finish()

    expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect((await next).outcome.entry).toBe('c')
  })
})

describe('BuildBatcher.close()', () => {
  test('refuses what waits, awaits what runs, accepts nothing more', async () => {
    const { batcher, builds } = createBatcher({ maxConcurrentBuilds: 1 })
    const running = batcher.submit('a', COLD)
    await turn()
    const waiting = batcher.submit('b', COLD)

    const closed = batcher.close()
    await expect(waiting).rejects.toMatchObject({ code: 'SOMON_LOAD_CLOSED' })
    await expect(batcher.submit('c', COLD)).rejects.toMatchObject({ code: 'SOMON_LOAD_CLOSED' })
    builds[0]?.finish()
    await closed

    expect((await running).outcome.entry).toBe('a')
  })
})

interface StartedBuild {
  readonly entries: readonly string[]
  readonly signal: AbortSignal
  readonly hot: boolean
  finish(): void
  fail(error: Error): void
}

function createBatcher(limits: Partial<BatchLimits> = {}): {
  batcher: BuildBatcher
  builds: StartedBuild[]
  clock: FakeClock
} {
  const clock = new FakeClock()
  const builds: StartedBuild[] = []
  const batcher = new BuildBatcher(
    {
      clock,
      build(entries, { signal, hot }) {
        const { promise, resolve, reject } = Promise.withResolvers<readonly BuildOutcome[]>()
        const finish = (): void => resolve(entries.map(outcomeOf))
        builds.push({ entries, signal, hot, finish, fail: reject })
        return promise
      },
    },
    { maxConcurrentBuilds: 4, maxQueued: 10_000, ...limits },
  )
  return { batcher, builds, clock }
}

function outcomeOf(entry: string): BatchedBuild['outcome'] {
  const inputs = { files: [], dirs: [], symlinks: [], absent: [], env: [] }
  const artifact = artifactOf(entry, { entry })
  return {
    ok: true,
    entry,
    artifact,
    inputs,
    metafile: { inputs: {} },
    map: undefined,
    assets: new Map(),
  }
}

/** Two: one for the batch to start, one for what it wakes. */
async function turn(): Promise<void> {
  await new Promise(setImmediate)
  await new Promise(setImmediate)
}
