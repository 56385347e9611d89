import { writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { EventHub } from '../../src/base/events.ts'
import type { ChangeSet } from '../../src/watch/change-set.ts'
import type { WatchEvents } from '../../src/watch/events.ts'
import type { FolderListener, FolderRequest } from '../../src/watch/folder-watch.ts'
import { TargetWatch } from '../../src/watch/target-watch.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { createFixture } from '../support/fixture.ts'

/** A watched folder as the system would offer it, led by the test. */
interface FakeFolder extends FolderRequest {
  readonly listener: FolderListener
  readonly becomeReady: () => void
  isClosed: boolean
}

function rig(pollMs = 0): {
  clock: FakeClock
  events: EventHub<WatchEvents>
  watch: TargetWatch
  opened: FakeFolder[]
  sets: ChangeSet[]
} {
  const clock = new FakeClock()
  const events = new EventHub<WatchEvents>()
  const opened: FakeFolder[] = []
  const watch = new TargetWatch({
    clock,
    events,
    debounceMs: 25,
    maxDelayMs: 250,
    pollMs,
    openFolder(request, listener) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const folder: FakeFolder = { ...request, listener, becomeReady: resolve, isClosed: false }
      opened.push(folder)
      return {
        ready: promise,
        close: async () => {
          folder.isClosed = true
        },
      }
    },
  })
  const sets: ChangeSet[] = []
  watch.onChange((set) => sets.push(set))
  return { clock, events, watch, opened, sets }
}

const exhausted = (code: string): Error => Object.assign(new Error(`${code}: no more`), { code })

describe('TargetWatch.watch()', () => {
  test('opens each folder once and only for the names of interest', async () => {
    await using fixture = await createFixture({ 'a.ts': '', 'b.ts': '', 'c.txt': '' })
    const { watch, opened } = rig()

    watch.watch({ files: [fixture.path('a.ts'), fixture.path('b.ts')], dirs: [], absent: [] })
    await Promise.resolve()
    watch.watch({ files: [fixture.path('a.ts')], dirs: [], absent: [] })
    await Promise.resolve()

    expect(opened.map(({ folder, names }) => [folder, names])).toEqual([
      [fixture.root, new Set(['a.ts', 'b.ts'])],
    ])
    expect(watch.watched).toBe(1)
  })

  test('opens a folder again when more of its names matter, and closes it when none does', async () => {
    await using fixture = await createFixture({ 'a.ts': '', 'b.ts': '' })
    const { watch, opened } = rig()
    watch.watch({ files: [fixture.path('a.ts')], dirs: [], absent: [] })
    await Promise.resolve()

    watch.watch({ files: [fixture.path('a.ts')], dirs: [fixture.root], absent: [] })
    await Promise.resolve()
    watch.watch({ files: [], dirs: [], absent: [] })

    expect(opened.map(({ names }) => names)).toEqual([new Set(['a.ts']), 'all'])
    expect(opened.map(({ isClosed }) => isClosed)).toEqual([true, true])
  })

  test('opens a bounded number of folders at a time', async () => {
    const files = Array.from({ length: 40 }, (_, index) => `d${index}/a.ts`)
    await using fixture = await createFixture(Object.fromEntries(files.map((file) => [file, ''])))
    const { watch, opened } = rig()

    watch.watch({ files: files.map((file) => fixture.path(file)), dirs: [], absent: [] })
    await new Promise(setImmediate)

    expect(opened).toHaveLength(16)
    const ready = watch.ready()
    for (let index = 0; index < 41; index += 1) {
      opened[index]?.becomeReady()
      await new Promise(setImmediate)
    }
    await ready
    expect(opened).toHaveLength(41)
  })

  test('marks folders that only lead to targets as optional', async () => {
    await using fixture = await createFixture({ 'src/deep/a.ts': '', 'b.ts': '' })
    const { watch, opened } = rig()

    const files = [fixture.path('src/deep/a.ts'), fixture.path('b.ts')]
    watch.watch({ files, dirs: [], absent: [] })
    await Promise.resolve()

    const optional = opened.filter(({ isOptional }) => isOptional).map(({ folder }) => folder)
    expect(optional).toEqual([fixture.path('src')])
  })
})

describe('an event', () => {
  test('that tells nothing new is not reported', async () => {
    await using fixture = await createFixture({ 'a.ts': '' })
    const { clock, watch, opened, sets } = rig()
    watch.watch({ files: [fixture.path('a.ts')], dirs: [], absent: [] })
    await Promise.resolve()

    opened[0]?.listener.touched('a.ts', false)
    opened[0]?.listener.touched(undefined, false)
    await clock.advance(1000)

    expect(sets).toEqual([])
  })

  test('about a name without interest does not open a window', async () => {
    await using fixture = await createFixture({ 'a.ts': '' })
    const { clock, watch, opened } = rig()
    watch.watch({ files: [fixture.path('a.ts')], dirs: [], absent: [] })
    await Promise.resolve()

    opened[0]?.listener.touched('other.log', true)

    expect(clock.pending).toBe(0)
  })

  test('after the folder was closed is ignored', async () => {
    await using fixture = await createFixture({ 'a.ts': '1' })
    const { clock, watch, opened } = rig()
    watch.watch({ files: [fixture.path('a.ts')], dirs: [], absent: [] })
    await Promise.resolve()
    watch.watch({ files: [], dirs: [], absent: [] })

    const listener = opened[0]?.listener
    listener?.touched('a.ts', true)
    listener?.touched(undefined, false)
    listener?.failed(new Error('late'))

    expect(clock.pending).toBe(0)
  })

  test('is not needed for what happened while the folder was being opened', async () => {
    await using fixture = await createFixture({ 'a.ts': '1' })
    const { clock, watch, opened, sets } = rig()
    watch.watch({ files: [fixture.path('a.ts')], dirs: [], absent: [] })
    await Promise.resolve()
    writeFileSync(fixture.path('a.ts'), '22')

    opened[0]?.becomeReady()
    await watch.ready()
    await clock.advance(25)

    expect(sets).toEqual([
      { changes: new Map([[fixture.path('a.ts'), 'changed']]), overflow: false },
    ])
  })
})

describe('a failing folder', () => {
  test.each(['ENOSPC', 'EMFILE', 'ENFILE'])('is polled after %s', async (code) => {
    await using fixture = await createFixture({ 'a.ts': '' })
    const { clock, events, watch, opened, sets } = rig()
    const reasons: (string | undefined)[] = []
    events.on('watch.overflow', ({ reason, folder }) => reasons.push(reason, folder))
    watch.watch({ files: [fixture.path('a.ts')], dirs: [], absent: [] })
    await Promise.resolve()

    opened[0]?.listener.failed(exhausted(code))
    await clock.advance(25)

    expect(opened.map(({ pollMs, isClosed }) => [pollMs, isClosed])).toEqual([
      [0, true],
      [1000, false],
    ])
    expect(reasons).toEqual([`${code}: no more; the folder is polled instead`, fixture.root])
    expect(sets).toEqual([{ changes: new Map(), overflow: true }])
  })

  test('stays polled when its names change', async () => {
    await using fixture = await createFixture({ 'a.ts': '', 'b.ts': '' })
    const { watch, opened } = rig()
    watch.watch({ files: [fixture.path('a.ts')], dirs: [], absent: [] })
    await Promise.resolve()
    opened[0]?.listener.failed(exhausted('ENOSPC'))
    await Promise.resolve()

    watch.watch({ files: [fixture.path('b.ts')], dirs: [], absent: [] })
    await Promise.resolve()

    expect(opened.map(({ pollMs }) => pollMs)).toEqual([0, 1000, 1000])
  })

  test('is an overflow and nothing more for any other error', async () => {
    await using fixture = await createFixture({ 'a.ts': '' })
    const { clock, watch, opened, sets } = rig()
    watch.watch({ files: [fixture.path('a.ts')], dirs: [], absent: [] })
    await Promise.resolve()

    opened[0]?.listener.failed(exhausted('EIO'))
    await clock.advance(25)

    expect(opened).toHaveLength(1)
    expect(sets.map(({ overflow }) => overflow)).toEqual([true])
  })

  test('finds by the overflow what no event told', async () => {
    await using fixture = await createFixture({ 'a.ts': '1', 'b.ts': '1' })
    const { clock, watch, opened, sets } = rig()
    watch.watch({ files: [fixture.path('a.ts'), fixture.path('b.ts')], dirs: [], absent: [] })
    await Promise.resolve()
    writeFileSync(fixture.path('b.ts'), '22')

    opened[0]?.listener.failed(exhausted('EIO'))
    await clock.advance(25)

    expect([...(sets[0]?.changes ?? [])]).toEqual([[fixture.path('b.ts'), 'changed']])
  })

  test('is suspected after a burst of events, not after as many in a long time', async () => {
    await using fixture = await createFixture({ 'a.ts': '' })
    const { clock, events, watch, opened } = rig()
    let overflows = 0
    events.on('watch.overflow', () => (overflows += 1))
    watch.watch({ files: [fixture.path('a.ts')], dirs: [], absent: [] })
    await Promise.resolve()

    for (let count = 0; count < 10_000; count += 1) opened[0]?.listener.counted()
    expect(overflows).toBe(1)
    for (let round = 0; round < 3; round += 1) {
      for (let count = 0; count < 9_000; count += 1) opened[0]?.listener.counted()
      await clock.advance(9_000)
    }

    expect(overflows).toBe(1)
  })
})

describe('TargetWatch.close()', () => {
  test('does not wait for folders that never become ready', async () => {
    const files = Array.from({ length: 20 }, (_, index) => `d${index}/a.ts`)
    await using fixture = await createFixture(Object.fromEntries(files.map((file) => [file, ''])))
    const { clock, watch, opened } = rig()
    watch.watch({ files: files.map((file) => fixture.path(file)), dirs: [], absent: [] })
    await new Promise(setImmediate)
    opened[0]?.listener.touched('a.ts', true)

    await watch.close()
    await watch.ready()

    expect(opened.every(({ isClosed }) => isClosed)).toBe(true)
    expect(opened).toHaveLength(16)
    expect(clock.pending).toBe(0)
  })
})
