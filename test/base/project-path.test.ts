import path from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  fromRelPath,
  importerPath,
  isInside,
  isModuleUrl,
  toRelPath,
} from '../../src/base/project-path.ts'

const platforms = [
  { name: 'POSIX', api: path.posix, root: '/work/project' },
  { name: 'Windows', api: path.win32, root: 'C:\\work\\project' },
  { name: 'a Windows share', api: path.win32, root: '\\\\server\\share\\project' },
]

describe.each(platforms)('on $name', ({ api, root }) => {
  test('toRelPath() writes / between segments', () => {
    expect(toRelPath(root, api.join(root, 'src', 'a.ts'), api)).toBe('src/a.ts')
    expect(toRelPath(root, api.join(root, '..', 'b.ts'), api)).toBe('../b.ts')
    expect(toRelPath(root, root, api)).toBe('')
  })

  test('fromRelPath() turns it back', () => {
    expect(fromRelPath(root, 'src/a.ts', api)).toBe(api.join(root, 'src', 'a.ts'))
    expect(fromRelPath(root, '../b.ts', api)).toBe(api.join(root, '..', 'b.ts'))
  })

  test('a module that is no file keeps its name, and imports from the root', () => {
    for (const name of ['https://host.test:8443/a.ts?x=1', 'virtual:routes', 's3+v4://bucket/a']) {
      expect(isModuleUrl(name)).toBe(true)
      expect(toRelPath(root, name, api)).toBe(name)
      expect(fromRelPath(root, name, api)).toBe(name)
      expect(importerPath(root, name, api)).toBe(root + api.sep)
    }
    for (const name of ['src/a.ts', '../https/a.ts', 'file:///a.ts', 'C:/a.ts', 'node:fs', '//h/a'])
      expect(isModuleUrl(name)).toBe(false)
    expect(importerPath(root, 'src/a.ts', api)).toBe(api.join(root, 'src', 'a.ts'))
  })

  test('isInside() knows the folder itself, what is below and what is beside', () => {
    expect(isInside(root, root, api)).toBe(true)
    expect(isInside(root, api.join(root, 'src', 'a.ts'), api)).toBe(true)
    expect(isInside(root, api.join(root, '..hidden'), api)).toBe(true)
    expect(isInside(root, `${root}-other`, api)).toBe(false)
    expect(isInside(root, api.dirname(root), api)).toBe(false)
    expect(isInside(root, api.join(root, '..', 'b.ts'), api)).toBe(false)
  })

  test('toRelPath() and fromRelPath() are inverse to each other', () => {
    const segment = fc.stringMatching(/^[a-zA-Z0-9_@. -]{1,8}[a-z]$/)
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
        const file = api.join(root, ...segments)

        expect(fromRelPath(root, toRelPath(root, file, api), api)).toBe(file)
      }),
    )
  })
})

describe('on another Windows drive', () => {
  const root = 'C:\\work'

  test('toRelPath() returns the whole path with /', () => {
    expect(toRelPath(root, 'D:\\lib\\a.ts', path.win32)).toBe('D:/lib/a.ts')
  })

  test('fromRelPath() takes it back', () => {
    expect(fromRelPath(root, 'D:/lib/a.ts', path.win32)).toBe('D:\\lib\\a.ts')
  })

  test('isInside() is false', () => {
    expect(isInside(root, 'D:\\work\\a.ts', path.win32)).toBe(false)
  })
})

describe('toRelPath()', () => {
  test('keeps a backslash that is part of a POSIX name', () => {
    expect(toRelPath('/a', '/a/b\\c', path.posix)).toBe('b\\c')
  })
})

describe('the quick way for plain paths', () => {
  const segment = fc.constantFrom('a', 'b', 'ab', '.', '..', '', '...', '.a', 'a.', '#', 'é')
  const joined = fc.array(segment, { maxLength: 5 }).map((segments) => segments.join('/'))
  const root = fc
    .array(fc.constantFrom('a', 'b', 'ab'), { maxLength: 3 })
    .map((segments) => `/${segments.join('/')}`)

  test('toRelPath() and isInside() answer as node:path does', () => {
    fc.assert(
      fc.property(root, joined, fc.boolean(), (folder, tail, isBelow) => {
        const file = isBelow ? `${folder}/${tail}` : `/${tail}`
        const relative = path.posix.relative(folder, file)

        expect(toRelPath(folder, file, path.posix)).toBe(relative)
        expect(isInside(folder, file, path.posix)).toBe(!/^\.\.(?:\/|$)/.test(relative))
      }),
      { numRuns: 2_000 },
    )
  })

  test('fromRelPath() answers as node:path does', () => {
    fc.assert(
      fc.property(root, joined, (folder, relative) => {
        expect(fromRelPath(folder, relative, path.posix)).toBe(path.posix.resolve(folder, relative))
      }),
      { numRuns: 2_000 },
    )
  })
})
