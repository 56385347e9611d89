import { describe, expect, test } from 'vitest'
import { InputCollector } from '../../src/bundle/inputs.ts'
import { adoptSettled } from '../../src/bundle/settled-sources.ts'
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

describe('adoptSettled()', () => {
  const session = {
    *sources() {
      for (const file of files) yield { file, isAttributed: false, imports: [] }
    },
    mayEsbuildRead: () => true,
  }
  let files: string[] = []
  const metafile = { inputs: {}, outputs: {} }

  test('adopts nothing when one source is younger than the build', async () => {
    await using fixture = await sample()
    files = [fixture.path('a.ts'), fixture.path('b.tsx')]
    const collector = new InputCollector()

    const doubt = adoptSettled(metafile, session, collector, Date.now())

    expect(doubt).toBe('young')
    expect([...collector.files]).toEqual([])
  })

  test('adopts what every source held all the time', async () => {
    await using fixture = await sample()
    files = [fixture.path('a.ts'), fixture.path('b.tsx')]
    const collector = new InputCollector()

    const doubt = adoptSettled(metafile, session, collector, later.now())

    expect(doubt).toBeUndefined()
    expect([...collector.files]).toEqual(files)
  })

  test('doubts a source that is gone', async () => {
    await using fixture = await sample()
    files = [fixture.path('gone.ts')]

    expect(adoptSettled(metafile, session, new InputCollector(), later.now())).toBe('young')
  })
})
