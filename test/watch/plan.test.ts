import { posix, win32 } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { covers, planFolders } from '../../src/watch/plan.ts'

function plain(plan: ReturnType<typeof planFolders>): Record<string, unknown> {
  return Object.fromEntries(
    [...plan.folders].map(([folder, names]) => [
      folder,
      names === 'all' ? 'all' : [...names].toSorted(),
    ]),
  )
}

const exists =
  (...folders: string[]) =>
  (path: string): boolean =>
    folders.includes(path)

describe('planFolders()', () => {
  test('watches the parents of files for their names only', () => {
    const plan = planFolders(
      { files: ['/p/src/a.ts', '/p/src/b.ts'], dirs: [], absent: [] },
      exists('/', '/p', '/p/src'),
      posix,
    )

    expect(plain(plan)).toEqual({ '/p/src': ['a.ts', 'b.ts'] })
    expect([...plan.structure]).toEqual([])
  })

  test('watches listed folders for every name', () => {
    const targets = { files: ['/p/src/a.ts'], dirs: ['/p/src'], absent: [] }

    expect(plain(planFolders(targets, exists('/', '/p', '/p/src'), posix))).toEqual({
      '/p/src': 'all',
    })
  })

  test('waits for a missing path at its nearest existing ancestor', () => {
    const targets = { files: [], dirs: [], absent: ['/p/a/b/c.ts', '/p/x.ts'] }
    const plan = planFolders(targets, exists('/', '/p'), posix)

    expect(plain(plan)).toEqual({ '/p': ['a', 'x.ts'] })
    expect([...plan.structure]).toEqual(['/p/a'])
  })

  test('watches the folders between a target and the common ancestor for the next step', () => {
    const targets = { files: ['/p/src/deep/a.ts', '/p/main.ts'], dirs: [], absent: [] }
    const plan = planFolders(targets, exists('/', '/p', '/p/src', '/p/src/deep'), posix)

    expect(plain(plan)).toEqual({
      '/p/src/deep': ['a.ts'],
      '/p/src': ['deep'],
      '/p': ['main.ts', 'src'],
    })
    expect([...plan.structure].toSorted()).toEqual(['/p/src', '/p/src/deep'])
  })

  test('plans Windows paths, also on two drives', () => {
    const targets = { files: ['C:\\p\\a.ts', 'D:\\q\\b.ts'], dirs: [], absent: ['C:\\p\\x\\y.ts'] }
    const plan = planFolders(targets, exists('C:\\', 'C:\\p', 'D:\\', 'D:\\q'), win32)

    expect(plain(plan)).toEqual({
      'C:\\p': ['a.ts', 'x'],
      'C:\\': ['p'],
      'D:\\q': ['b.ts'],
      'D:\\': ['q'],
    })
  })

  test('covers every target by a folder that exists, whatever is missing', () => {
    const name = fc.constantFrom('a', 'b', 'c')
    const target = fc
      .array(name, { minLength: 1, maxLength: 5 })
      .map((parts) => `/${parts.join('/')}`)
    const paths = fc.array(target, { maxLength: 8 })

    fc.assert(
      fc.property(paths, paths, paths, paths, (files, dirs, absent, there) => {
        const folders = new Set(['/', ...there.flatMap(ancestors)])
        const plan = planFolders({ files, dirs, absent }, (path) => folders.has(path), posix)

        for (const folder of plan.folders.keys()) expect(folders.has(folder)).toBe(true)
        for (const path of [...files, ...absent, ...dirs]) {
          const isListed = dirs.includes(path) && folders.has(path)
          const step = isListed ? undefined : firstStep(path, folders)
          const names = plan.folders.get(step === undefined ? path : posix.dirname(step))
          expect(names === 'all' || (step && names?.has(posix.basename(step)))).toBe(true)
        }
      }),
    )
  })
})

/** The path itself when its parent exists, else its highest missing ancestor. */
function firstStep(path: string, folders: ReadonlySet<string>): string {
  return folders.has(posix.dirname(path)) ? path : firstStep(posix.dirname(path), folders)
}

function ancestors(path: string): string[] {
  return path === '/' ? ['/'] : [path, ...ancestors(posix.dirname(path))]
}

describe('covers()', () => {
  test.each([
    ['all', 'all', true],
    ['all', new Set(['a']), true],
    [new Set(['a', 'b']), new Set(['a']), true],
    [new Set(['a']), new Set(['a', 'b']), false],
    [new Set(['a']), 'all', false],
  ] as const)('%#: compares what is open with what is wanted', (open, wanted, expected) => {
    expect(covers(open, wanted)).toBe(expected)
  })
})
