import { describe, expect, test } from 'vitest'
import { digest } from '../../src/base/digest.ts'
import { sourceText } from '../../src/load/source.ts'
import { createFixture } from '../support/fixture.ts'
import { artifactOf } from './support/artifacts.ts'

const ARTIFACT = artifactOf('code', {
  inputs: [{ path: 'src/a.ts', sha256: digest('const a = 1'), bytes: 11 }],
})

describe('sourceText()', () => {
  test('returns the text that was built', async () => {
    await using fixture = await createFixture({ 'src/a.ts': 'const a = 1' })

    expect(sourceText(fixture.root, ARTIFACT, 'src/a.ts')).toBe('const a = 1')
  })

  test('returns nothing when the file changed, is gone, or is no input', async () => {
    await using fixture = await createFixture({ 'src/a.ts': 'const a = 2', 'src/b.ts': '' })

    const changed = sourceText(fixture.root, ARTIFACT, 'src/a.ts')
    const foreign = sourceText(fixture.root, ARTIFACT, 'src/b.ts')
    await fixture.remove('src/a.ts')
    const gone = sourceText(fixture.root, ARTIFACT, 'src/a.ts')

    expect([changed, foreign, gone]).toEqual([undefined, undefined, undefined])
  })
})
