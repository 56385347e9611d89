import { lstat, symlink } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { BuildInputs } from '../../src/bundle/build-inputs.ts'
import { doubtful } from '../../src/load/doubt.ts'
import { createFixture } from '../support/fixture.ts'

const NAMES = 'a'.repeat(64)
const EMPTY: BuildInputs = { files: [], dirs: [], symlinks: [], absent: [], env: [] }

describe('doubtful()', () => {
  test('keeps what was settled before the build', async () => {
    await using fixture = await createFixture({})
    await symlink('target', fixture.path('link'))
    const { ctimeMs } = await lstat(fixture.path('link'))
    const inputs: BuildInputs = {
      ...EMPTY,
      dirs: [['src', 1000.9, NAMES]],
      symlinks: [['link', 'target']],
    }

    expect(doubtful(inputs, 1000, fixture.root).dirs).toEqual(inputs.dirs)
    expect(doubtful(inputs, ctimeMs + 1, fixture.root).symlinks).toEqual(inputs.symlinks)
  })

  test('lets nothing equal a folder or link that changed during the build', async () => {
    await using fixture = await createFixture({})
    await symlink('target', fixture.path('link'))
    const { ctimeMs } = await lstat(fixture.path('link'))
    const inputs: BuildInputs = {
      ...EMPTY,
      dirs: [['src', 2000, NAMES]],
      symlinks: [
        ['link', 'target'],
        ['gone', 'target'],
      ],
    }

    const early = Math.floor(ctimeMs) - 10
    const marked = doubtful(inputs, early, fixture.root)

    expect(doubtful(inputs, 1000, fixture.root).dirs).not.toEqual(inputs.dirs)
    expect(marked.symlinks.map(([, target]) => target)).toEqual(['', ''])
  })
})
