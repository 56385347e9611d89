import { rm } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { BuildOutcome } from '../../src/bundle/build-outcome.ts'
import { createFixture } from '../support/fixture.ts'
import { createBundling } from './support/bundling.ts'
import { runWrapped } from './support/run-wrapped.ts'

describe('Bundler.map()', () => {
  test('makes the map of an artifact that was built without one', async () => {
    await using fixture = await createFixture({ 'a.ts': 'interface X {}\nexport const a = 1' })
    await using bundling = createBundling(fixture.root)
    const { artifact, map } = await bundling.one('a.ts')

    const made = await bundling.bundler.map(artifact, bundling.options)

    expect(map).toBeUndefined()
    expect(JSON.parse(made ?? '')).toMatchObject({ version: 3, sources: ['a.ts'] })
    expect(made).not.toContain('sourcesContent')
  })

  test('starts no build when the caller has left before one could start', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const a = 1' })
    await using bundling = createBundling(fixture.root)
    const { artifact } = await bundling.one('a.ts')
    const { builds } = bundling.bundler.stats()
    const caller = new AbortController()
    const reason = new Error('left')

    const making = bundling.bundler.map(artifact, bundling.options, caller.signal)
    caller.abort(reason)

    await expect(making).rejects.toBe(reason)
    expect(bundling.bundler.stats().builds).toBe(builds)
  })

  test('gives none once an input has changed, even when the code is the same', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const a = 1' })
    await using bundling = createBundling(fixture.root)
    const { artifact } = await bundling.one('a.ts')

    await fixture.write('a.ts', '\n\nexport const a = 1')

    expect(await bundling.bundler.map(artifact, bundling.options)).toBeUndefined()
  })

  test('gives none when the source cannot be built any more', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const a = 1' })
    await using bundling = createBundling(fixture.root)
    const { artifact } = await bundling.one('a.ts')

    await fixture.write('a.ts', 'export const a =')
    const broken = await bundling.bundler.map(artifact, bundling.options)
    await rm(fixture.path('a.ts'))
    const gone = await bundling.bundler.map(artifact, bundling.options)

    expect([broken, gone]).toEqual([undefined, undefined])
  })

  test('comes with the code when maps are eager, equal to the one made later', async () => {
    await using fixture = await createFixture({
      'a.ts': 'import { b } from "./b.ts"; export const a: number = b',
      'b.ts': 'export const b = 1',
    })
    await using lazy = createBundling(fixture.root)
    await using eager = createBundling(fixture.root, { build: { sourceMaps: 'eager' } })

    const late = await lazy.one('a.ts')
    const early = await eager.one('a.ts')

    expect(early.map).toBe(await lazy.bundler.map(late.artifact, lazy.options))
    expect(early.artifact.id).toBe(late.artifact.id)
  })
})

describe('Bundler.build() keeps contexts for hot entries', () => {
  test('that give the same artifacts and see changes', async () => {
    await using fixture = await createFixture({
      'a.ts': 'import { b } from "./b.ts"; export const a = b',
      'b.ts': 'export const b = 1',
    })
    await using bundling = createBundling(fixture.root)
    const { bundler, options } = bundling
    const cold = await bundling.one('a.ts')

    const [first] = await bundler.build(['a.ts'], options, { hot: true })
    await fixture.write('b.ts', 'export const b = 2')
    const [second] = await bundler.build(['a.ts'], options, { hot: true })

    expect(first?.ok === true && first.artifact).toEqual(cold.artifact)
    expect(second?.ok === true && (await runWrapped(second.artifact)).exports).toEqual({ a: 2 })
    expect(bundler.stats().contexts).toBe(1)
  })

  test('that recover from an error', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const a = 1' })
    await using bundling = createBundling(fixture.root)
    const { bundler, options } = bundling
    const hot = async (): Promise<BuildOutcome | undefined> =>
      (await bundler.build(['a.ts'], options, { hot: true }))[0]

    const oks: (boolean | undefined)[] = []
    for (const text of ['export const a = 1', 'export const a =', 'export const a = 3']) {
      await fixture.write('a.ts', text)
      oks.push((await hot())?.ok)
    }

    expect(oks).toEqual([true, false, true])
  })

  test('up to the limit, which may change', async () => {
    const entries = ['a.ts', 'b.ts', 'c.ts']
    await using fixture = await createFixture(
      Object.fromEntries(entries.map((entry) => [entry, 'export const a = 1'])),
    )
    await using bundling = createBundling(fixture.root)
    const { bundler, options, limits } = bundling
    limits.hotContexts = 2
    for (const entry of entries.flatMap((name) => [name, name])) {
      await bundler.build([entry], options, { hot: true })
    }
    const two = bundler.stats().contexts

    limits.hotContexts = 0
    const [outcome] = await bundler.build(['a.ts'], options, { hot: true })

    expect(two).toBe(2)
    expect(outcome?.ok).toBe(true)
  })
})

describe('Bundler tells', () => {
  test('what was built, once per entry, and not the builds of maps', async () => {
    await using fixture = await createFixture({
      'a.ts': 'export const a = 1',
      'b.ts': 'export const b =',
    })
    await using bundling = createBundling(fixture.root)
    const told: unknown[] = []
    bundling.events.on('bundle.finished', ({ entry, inputs }) =>
      told.push(['finished', entry, inputs]),
    )
    bundling.events.on('bundle.failed', ({ entry, error }) =>
      told.push(['failed', entry, error.code]),
    )

    const [a] = await bundling.build('a.ts', 'b.ts')
    if (a?.ok === true) await bundling.bundler.map(a.artifact, bundling.options)

    expect(told).toEqual([
      ['finished', 'a.ts', 1],
      ['failed', 'b.ts', 'SOMON_BUNDLE_FAILED'],
    ])
  })
})

describe('Bundler.build() with a signal', () => {
  test('rejects with its reason and leaves the service usable', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const a = 1' })
    await using bundling = createBundling(fixture.root)
    const controller = new AbortController()
    const reason = new Error('enough')

    const work = bundling.bundler.build(['a.ts'], bundling.options, { signal: controller.signal })
    controller.abort(reason)

    await expect(work).rejects.toBe(reason)
    expect((await bundling.one('a.ts')).ok).toBe(true)
  })
})
