import { describe, expect, test } from 'vitest'
import type { Artifact } from '../../src/bundle/artifact.ts'
import type { Generation } from '../../src/evaluate/generation.ts'
import { AfterLoad } from '../../src/module/after-load.ts'
import { FakeClock } from '../support/fake-clock.ts'

/** Notes what is asked of the rows below, in order. */
function scene() {
  const clock = new FakeClock()
  const done: string[] = []
  const afterLoad = new AfterLoad({
    clock,
    evaluator: { createCodeCache: ({ module }) => Buffer.from(module) },
    loader: {
      storeCodeCache: async (_artifact, bytes) => void done.push(`code ${bytes.toString()}`),
      settle: ({ entry }) => void done.push(`settle ${entry}`),
      async map({ entry }) {
        done.push(`map ${entry}`)
        return undefined
      },
    },
  })
  const want = (entry: string, codeCache: boolean, map: boolean) => {
    const generation = { module: entry } as Generation
    afterLoad.want(generation, { artifact: { entry } as Artifact, codeCache, map })
    return generation
  }
  return { clock, done, afterLoad, want }
}

describe('AfterLoad', () => {
  test('makes nothing before its delay, then one generation after the other', async () => {
    const { clock, done, want } = scene()
    want('a', true, true)
    want('b', true, false)

    await clock.advance(1_999)
    const early = [...done]
    await clock.advance(1)

    expect(early).toEqual([])
    expect(done).toEqual(['code a', 'map a', 'code b'])
  })

  test('lets the next start trust a code cache, once it is no longer young', async () => {
    const { clock, done, want } = scene()
    want('a', true, false)
    want('b', false, true)
    await clock.advance(2_000)
    const made = [...done]

    await clock.advance(249)
    const early = [...done]
    await clock.advance(1)

    expect(made).toEqual(['code a', 'map b'])
    expect(early).toEqual(made)
    expect(done).toEqual([...made, 'settle a'])
  })

  test('trusts nothing any more once it has closed', async () => {
    const { clock, done, afterLoad, want } = scene()
    want('a', true, false)
    await clock.advance(2_000)
    want('b', true, false)

    await afterLoad.close()
    await clock.advance(5_000)

    expect(done).toEqual(['code a', 'code b'])
    expect(clock.pending).toBe(0)
  })

  test('lets go of a generation that retires', async () => {
    const { clock, done, afterLoad, want } = scene()
    const generation = want('a', true, true)

    afterLoad.forget(generation)
    await clock.advance(5_000)

    expect(done).toEqual([])
  })

  test('makes the waiting code caches when it closes, no maps, and nothing afterwards', async () => {
    const { clock, done, afterLoad, want } = scene()
    want('a', true, true)

    await afterLoad.close()
    want('b', true, true)
    await clock.advance(5_000)

    expect(done).toEqual(['code a'])
    expect(clock.pending).toBe(0)
  })

  test('plans nothing for a generation that lacks nothing', () => {
    const { clock, want } = scene()

    want('a', false, false)

    expect(clock.pending).toBe(0)
  })
})
