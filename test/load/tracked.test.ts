import { describe, expect, test } from 'vitest'
import { TrackedEntries, UNRETAINED_LIMIT } from '../../src/load/tracked.ts'
import { ModelFs } from './support/model-fs.ts'

const MANIFEST = new ModelFs().manifest(0)
const STATE = { manifest: MANIFEST, graph: { inputs: {} } }
const FAILED = { ...MANIFEST, absent: ['missing.ts'] }

describe('TrackedEntries', () => {
  test('keeps the last good state beside a failure, until the next success', () => {
    const tracked = new TrackedEntries()

    tracked.succeed('a.ts', STATE)
    tracked.fail('a.ts', FAILED)
    const failed = [...tracked.inputs()]
    tracked.succeed('a.ts', STATE)

    expect(failed).toEqual([{ entry: 'a.ts', inputs: [MANIFEST, FAILED] }])
    expect([...tracked.inputs()]).toEqual([{ entry: 'a.ts', inputs: [MANIFEST] }])
  })

  test('tracks an entry that never built', () => {
    const tracked = new TrackedEntries()

    tracked.fail('a.ts', FAILED)

    expect([...tracked.inputs(['a.ts', 'unknown.ts'])]).toEqual([
      { entry: 'a.ts', inputs: [FAILED] },
    ])
    expect([...tracked.states()]).toEqual([['a.ts', undefined]])
  })

  test('forgets the oldest beyond the limit, but nothing retained', () => {
    const tracked = new TrackedEntries()
    tracked.succeed('kept.ts', STATE)
    const release = tracked.retain('kept.ts')

    for (let index = 0; index < 2 * UNRETAINED_LIMIT; index += 1) {
      tracked.succeed(`e${index}.ts`, STATE)
    }

    const entries = [...tracked.states()].map(([entry]) => entry)
    expect(entries).toHaveLength(UNRETAINED_LIMIT + 1)
    expect(entries[0]).toBe('kept.ts')
    release()
    release()
    expect([...tracked.states()]).toHaveLength(UNRETAINED_LIMIT)
    expect(tracked.state('kept.ts')).toBeUndefined()
  })

  test('holds an entry until everybody who retained it has let go', () => {
    const tracked = new TrackedEntries()
    tracked.succeed('kept.ts', STATE)
    const [first, second] = [tracked.retain('kept.ts'), tracked.retain('kept.ts')]

    first()
    first()
    for (let index = 0; index <= UNRETAINED_LIMIT; index += 1) tracked.succeed(`${index}`, STATE)
    const whileHeld = tracked.state('kept.ts')
    second()

    expect(whileHeld).toEqual(STATE)
    expect(tracked.state('kept.ts')).toBeUndefined()
  })
})
