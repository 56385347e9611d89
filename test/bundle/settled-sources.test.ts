import { renameSync, statSync } from 'node:fs'
import { describe, expect, test, vi } from 'vitest'
import { systemClock, type Clock } from '../../src/base/clock.ts'
import { SettledSources } from '../../src/bundle/settled-sources.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'
import { createBundling } from './support/bundling.ts'

/** A minute later than it is: what was just written is old then. */
const later = { now: () => Date.now() + 60_000 }

function sample(): Promise<Fixture> {
  return createFixture({
    'package.json': '{ "name": "sample" }',
    'a.ts': "import { b } from './b'\nimport data from './data.json'\nexport const a = [b, data]",
    'b.tsx': 'export const b: number = 1',
    'data.json': '[2]',
    'bound.ts': 'export const folder = import.meta.dirname',
    'bound-too.ts': 'export const file = import.meta.filename',
  })
}

describe('a first build of sources that are old', () => {
  test('makes the artifact and the inputs that the reader makes', async () => {
    await using fixture = await sample()
    await using through = createBundling(fixture.root)
    await using natively = createBundling(fixture.root, { clock: later })

    const read = await through.one('a.ts')
    const native = await natively.one('a.ts')

    expect(native).toEqual({ ...read, metafile: native.metafile })
    expect(native.metafile).toEqual(read.metafile)
    expect(natively.bundler.stats().builds).toBe(1)
  })

  test('is made again through the reader where a source has to be rewritten, once', async () => {
    await using fixture = await sample()
    await using through = createBundling(fixture.root)
    await using natively = createBundling(fixture.root, { clock: later })

    const read = await through.one('bound.ts')
    const native = await natively.one('bound.ts')
    const afterOne = natively.bundler.stats().builds
    await natively.one('bound-too.ts')

    expect(native.artifact.id).toBe(read.artifact.id)
    expect(afterOne).toBe(2)
    expect(natively.bundler.stats().builds).toBe(3)
  })

  test('reports errors as the reader does', async () => {
    await using fixture = await sample()
    await fixture.write('a.ts', "import './none'\nexport const a = 1")
    await using through = createBundling(fixture.root)
    await using natively = createBundling(fixture.root, { clock: later })

    const read = await through.fail('a.ts')
    const native = await natively.fail('a.ts')

    expect(native.error.message).toBe(read.error.message)
    expect(native.inputs).toEqual(read.inputs)
  })
})

function sessionOf(...files: string[]) {
  return {
    *sources() {
      for (const file of files) yield { file, isAttributed: false, imports: [] }
    },
    mayEsbuildRead: () => true,
  }
}

/** One wall clock that a test moves, beside the monotonic one. */
function clockAt(now: () => number): Clock {
  return { ...systemClock, now }
}

describe('SettledSources.adopt()', () => {
  const metafile = { inputs: {}, outputs: {} }
  test('adopts nothing when one source is younger than the build', async () => {
    await using fixture = await sample()
    const sources = new SettledSources(fixture.root, systemClock)

    const isAdopted = sources.adopt(
      metafile,
      sessionOf(fixture.path('a.ts'), fixture.path('b.tsx')),
    )

    expect(isAdopted).toBe(false)
    expect([...sources.collector.files]).toEqual([])
  })

  test('adopts what every source held all the time', async () => {
    await using fixture = await sample()
    const files = [fixture.path('a.ts'), fixture.path('b.tsx')]
    const sources = new SettledSources(fixture.root, clockAt(later.now))

    const isAdopted = sources.adopt(metafile, sessionOf(...files))

    expect(isAdopted).toBe(true)
    expect([...sources.collector.files]).toEqual(files)
  })

  test('doubts a source that is gone', async () => {
    await using fixture = await sample()
    const sources = new SettledSources(fixture.root, clockAt(later.now))

    expect(sources.adopt(metafile, sessionOf(fixture.path('gone.ts')))).toBe(false)
  })

  test('doubts old sources of a folder that was put into the place of another', async () => {
    await using fixture = await sample()
    await fixture.write('src/a.ts', 'export const a = 1')
    await fixture.write('next/a.ts', 'export const a = 2')
    const old = statSync(fixture.path('next/a.ts')).ctimeMs
    // The build begins when the files are just old enough; the exchange comes after that.
    const startedAt = old + 101
    await vi.waitUntil(() => Date.now() > startedAt, { interval: 5 })
    const sources = new SettledSources(
      fixture.root,
      clockAt(() => startedAt + 1),
    )

    renameSync(fixture.path('src'), fixture.path('before'))
    renameSync(fixture.path('next'), fixture.path('src'))

    expect(statSync(fixture.path('src/a.ts')).ctimeMs).toBe(old)
    expect(sources.adopt(metafile, sessionOf(fixture.path('src/a.ts')))).toBe(false)
  })

  test('doubts everything when the clock was set back', async () => {
    await using fixture = await sample()
    let now = Date.now() + 60_000
    const sources = new SettledSources(
      fixture.root,
      clockAt(() => now),
    )

    now -= 1_000

    expect(sources.adopt(metafile, sessionOf(fixture.path('a.ts')))).toBe(false)
  })

  test('doubts sources of another file system than that of the root', () => {
    const sources = new SettledSources('/tmp', clockAt(later.now))

    expect(sources.adopt(metafile, sessionOf('/proc/version'))).toBe(false)
  })
})
