import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { BuildInputs } from '../../src/bundle/build-inputs.ts'
import { watchTargets } from '../../src/load/watch-targets.ts'

const ROOT = resolve('/work/app')
const EMPTY: BuildInputs = { files: [], dirs: [], symlinks: [], absent: [], env: [] }

describe('watchTargets()', () => {
  test('lists files, links, folders and absent paths, absolute and once', () => {
    const inputs: BuildInputs = {
      files: [
        ['src/b.ts', '', 0, 0, 0, 0, 'bundle'],
        ['tsconfig.json', '', 0, 0, 0, 0, 'config'],
      ],
      dirs: [['src', 0, '']],
      symlinks: [['node_modules/pkg', '..']],
      absent: ['src/b.js'],
      env: [],
    }

    const targets = watchTargets(
      [
        { entry: 'src/b.ts', inputs: [inputs] },
        { entry: 'src/c.ts', inputs: [inputs] },
      ],
      ROOT,
    )

    const at = (path: string): string => resolve(ROOT, path)
    expect(targets).toEqual({
      files: [at('node_modules/pkg'), at('src/b.ts'), at('tsconfig.json')],
      dirs: [at('src')],
      absent: [at('src/b.js')],
    })
  })

  test('watches what a failed attempt missed beside what the last good one had', () => {
    const good: BuildInputs = { ...EMPTY, files: [['a.ts', '', 0, 0, 0, 0, 'bundle']] }
    const failed: BuildInputs = { ...EMPTY, absent: ['missing.ts', 'a.ts'] }

    const targets = watchTargets([{ entry: 'a.ts', inputs: [good, failed] }], ROOT)

    expect(targets.files).toEqual([resolve(ROOT, 'a.ts')])
    expect(targets.absent).toEqual([resolve(ROOT, 'missing.ts')])
  })
})
