import { describe, expect, test } from 'vitest'
import type { BuildInputs } from '../../src/bundle/build-inputs.ts'
import { KeptFacts } from '../../src/bundle/kept-facts.ts'
import type { BuildMetafile } from '../../src/bundle/metafile.ts'
import { Stamps } from '../../src/bundle/stamps.ts'
import { createFixture } from '../support/fixture.ts'

const LATER_MS = 60_000
const INPUTS: BuildInputs = {
  files: [['a.ts', '', 0, 0, 0, 0, 'bundle']],
  dirs: [['', 0, '']],
  symlinks: [],
  absent: ['node_modules/b', 'lib/b.ts'],
  env: [],
}

function graphOf(...targets: readonly string[]): BuildMetafile {
  const imports = targets.map((path) => ({ path, kind: 'import-statement', external: false }))
  return { inputs: { 'a.ts': { bytes: 1, bytesInOutput: 1, imports } } }
}

describe('KeptFacts.derived()', () => {
  test('returns what was derived of an equal graph while no name comes or goes', async () => {
    await using fixture = await createFixture({ 'a.ts': 'a', 'lib/c.ts': 'c' })
    const now = Date.now() + LATER_MS
    const found: unknown[] = []
    const facts = new KeptFacts(new Stamps(fixture.root))
    const look = (...targets: readonly string[]): void => {
      found.push(facts.derived(graphOf(...targets))?.inputs === INPUTS)
      facts.remember(graphOf('b.ts'), INPUTS, fixture.root, now)
    }

    look('b.ts')
    look('b.ts')
    await fixture.write('a.ts', 'b')
    look('b.ts')
    look('c.ts')
    look('b.ts', 'c.ts')
    await fixture.write('lib/b.ts', 'b')
    look('b.ts')
    await fixture.write('node_modules/b/index.js', 'b')
    look('b.ts')
    look('b.ts')

    expect(found).toEqual([false, true, true, false, false, false, false, true])
  })

  test('returns nothing of folders that were young', async () => {
    await using fixture = await createFixture({ 'a.ts': 'a' })
    const facts = new KeptFacts(new Stamps(fixture.root))

    facts.remember(graphOf('b.ts'), INPUTS, fixture.root, Date.now())

    expect(facts.derived(graphOf('b.ts'))).toBeUndefined()
  })
})
