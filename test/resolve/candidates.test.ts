import { posix, win32 } from 'node:path'
import { describe, expect, test } from 'vitest'
import { candidatesOf } from '../../src/resolve/candidates.ts'

describe('candidatesOf()', () => {
  test('lists a path, its TypeScript sources, guessed extensions and indexes in order', () => {
    const list = candidatesOf('./a.js', '/p/src', posix)

    expect(list.slice(0, 5)).toEqual([
      '/p/src/a.js',
      '/p/src/a.ts',
      '/p/src/a.tsx',
      '/p/src/a.js.tsx',
      '/p/src/a.js.ts',
    ])
    expect(list).toContain('/p/src/a.js/package.json')
    expect(list).toContain('/p/src/a.js/index.mts')
  })

  test('leaves a query out', () => {
    expect(candidatesOf('../b.svg?raw', '/p/src', posix)[0]).toBe('/p/b.svg')
  })

  test('lists the folders that may hold a package, from the importer upwards', () => {
    expect(candidatesOf('@s/a/b', '/p/node_modules/x', posix)).toEqual([
      '/p/node_modules/x/node_modules/@s/a',
      '/p/node_modules/@s/a',
      '/node_modules/@s/a',
    ])
  })

  test('writes Windows paths', () => {
    expect(candidatesOf('./a', 'C:\\p', win32).slice(0, 3)).toEqual([
      'C:\\p\\a',
      'C:\\p\\a.tsx',
      'C:\\p\\a.ts',
    ])
    expect(candidatesOf('D:\\x.ts', 'C:\\p', win32)[0]).toBe('D:\\x.ts')
    expect(candidatesOf('@s/a', 'C:\\p', win32)).toEqual([
      'C:\\p\\node_modules\\@s\\a',
      'C:\\node_modules\\@s\\a',
    ])
  })

  test.each(['fs', 'node:fs', 'https://x.y/z', 'data:,', '#x', ''])(
    'is empty for %j',
    (specifier) => {
      expect(candidatesOf(specifier, '/p', posix)).toEqual([])
    },
  )
})
