import nodePath from 'node:path'
import { describe, expect, test } from 'vitest'
import type { BuildInputs } from '../../src/bundle/build-inputs.ts'
import { stale } from '../../src/load/stale.ts'
import type { ChangeKind } from '../../src/watch/change-set.ts'

const INPUTS: BuildInputs = {
  files: [
    ['src/main.ts', '', 0, 0, 0, 0, 'bundle'],
    ['src/lib/a.ts', '', 0, 0, 0, 0, 'bundle'],
    ['tsconfig.json', '', 0, 0, 0, 0, 'config'],
    ['../shared/b.ts', '', 0, 0, 0, 0, 'bundle'],
  ],
  dirs: [
    ['src', 0, ''],
    ['src/lib', 0, ''],
  ],
  symlinks: [['node_modules/pkg', '../packages/pkg']],
  absent: ['src/lib.ts', 'src/node_modules/pkg'],
  env: [],
}

describe.each([
  ['POSIX', nodePath.posix, '/work/app', '/work'],
  ['Windows', nodePath.win32, 'C:\\work\\app', 'C:\\work'],
] as const)('stale() with %s paths', (_name, path, root, above) => {
  const staleBy = (file: string, kind: ChangeKind): readonly string[] | undefined => {
    const absolute = path.resolve(root, ...file.split('/'))
    const changes = { changes: new Map([[absolute, kind]]), overflow: false }
    return stale(changes, [{ entry: 'src/main.ts', inputs: [INPUTS] }], root, path).entries.get(
      'src/main.ts',
    )
  }

  test.each([
    ['src/main.ts', 'changed'],
    ['src/lib/a.ts', 'removed'],
    ['tsconfig.json', 'changed'],
    ['../shared/b.ts', 'changed'],
    ['node_modules/pkg', 'changed'],
    ['src/lib.ts', 'added'],
    ['src/node_modules/pkg', 'added'],
    ['src/node_modules', 'added'],
    ['src/lib/a.tsx', 'added'],
    ['src/lib/other.ts', 'removed'],
    ['src/lib', 'removed'],
    ['../shared', 'removed'],
  ] as const)('names %s %s as the cause', (file, kind) => {
    expect(staleBy(file, kind)).toEqual([file])
  })

  test.each([
    ['src/other/c.ts', 'changed'],
    ['src/other/c.ts', 'added'],
    ['src/lib/other.ts', 'changed'],
    ['README.md', 'added'],
    ['src/lib/deep/x.ts', 'added'],
  ] as const)('is not disturbed by %s %s', (file, kind) => {
    expect(staleBy(file, kind)).toBeUndefined()
  })

  test('names every entry when the watcher lost events', () => {
    const changes = { changes: new Map<string, ChangeKind>(), overflow: true }
    const tracked = ['a.ts', 'b.ts'].map((entry) => ({ entry, inputs: [INPUTS] }))

    const result = stale(changes, tracked, root, path)

    expect(result.overflow).toBe(true)
    expect([...result.entries]).toEqual([
      ['a.ts', []],
      ['b.ts', []],
    ])
  })

  test('looks at the inputs of a failed attempt too', () => {
    const failed: BuildInputs = { ...INPUTS, files: [], dirs: [], absent: ['missing.ts'] }
    const changes = {
      changes: new Map<string, ChangeKind>([[path.join(root, 'missing.ts'), 'added']]),
      overflow: false,
    }

    const result = stale(changes, [{ entry: 'a.ts', inputs: [INPUTS, failed] }], root, path)

    expect([...result.entries]).toEqual([['a.ts', ['missing.ts']]])
    expect(path.dirname(root)).toBe(above)
  })
})
