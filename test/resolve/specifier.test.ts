import { posix, win32 } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  folderOf,
  hostOf,
  installedNameOf,
  isInstalled,
  isNamed,
  packageNameOf,
  specifierForm,
  splitSuffix,
} from '../../src/resolve/specifier.ts'

describe('specifierForm()', () => {
  const everywhere: Record<string, string> = {
    '': 'invalid',
    'a\0b': 'invalid',
    fs: 'builtin',
    'fs/promises': 'builtin',
    'node:test': 'builtin',
    'node:nonsense': 'builtin',
    test: 'bare',
    'punycode/': 'bare',
    '.': 'relative',
    '..': 'relative',
    './a': 'relative',
    '../a': 'relative',
    '.a': 'invalid',
    '#x': 'package-import',
    '#': 'invalid',
    'file:///a/b.ts': 'file-url',
    'FILE:///a/b.ts': 'file-url',
    'data:text/javascript,1': 'data-url',
    'https://esm.sh/x': 'url',
    '//esm.sh/x': 'url',
    'npm:x': 'url',
    lodash: 'bare',
    '@s/a/b': 'bare',
    '@s': 'invalid',
    '@/x': 'bare',
    'a%2fb': 'invalid',
    '/a/b': 'absolute',
  }

  for (const path of [posix, win32]) {
    test.each(Object.entries(everywhere))(`reads %j as %s with ${path.sep}`, (specifier, form) => {
      expect(specifierForm(specifier, path)).toBe(form)
    })
  }

  test.each([
    ['C:\\a\\b.ts', 'absolute', 'invalid'],
    ['C:/a/b.ts', 'absolute', 'invalid'],
    ['.\\a', 'relative', 'invalid'],
    ['..\\a', 'relative', 'invalid'],
    ['\\\\server\\share\\a', 'absolute', 'invalid'],
  ])('reads %j as %s on Windows and as %s elsewhere', (specifier, windows, elsewhere) => {
    expect(specifierForm(specifier, win32)).toBe(windows)
    expect(specifierForm(specifier, posix)).toBe(elsewhere)
  })

  test('gives every text exactly one form without throwing', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(typeof specifierForm(text, posix)).toBe('string')
        expect(typeof specifierForm(text, win32)).toBe('string')
      }),
    )
  })
})

describe('packageNameOf()', () => {
  test.each([
    ['a', 'a'],
    ['a/b/c', 'a'],
    ['@s/a', '@s/a'],
    ['@s/a/b.js', '@s/a'],
    ['punycode/', 'punycode'],
    ['@s', undefined],
    ['@s/', undefined],
    ['./a', undefined],
    ['/a', undefined],
    ['#a', undefined],
    ['a\\b', undefined],
    ['', undefined],
  ])('reads %j as %j', (specifier, name) => {
    expect(packageNameOf(specifier)).toBe(name)
  })

  test('keeps the name whatever is appended below it', () => {
    const segment = fc.stringMatching(/^[a-z][a-z\d-]{0,8}$/)
    const names = fc.oneof(
      segment,
      fc.tuple(segment, segment).map(([scope, name]) => `@${scope}/${name}`),
    )

    fc.assert(
      fc.property(names, fc.array(segment), (name, below) => {
        expect(packageNameOf([name, ...below].join('/'))).toBe(name)
      }),
    )
  })
})

describe('isNamed()', () => {
  test.each([
    ['lodash', 'lodash', true],
    ['lodash/fp', 'lodash', true],
    ['lodash-es', 'lodash', false],
    ['lodash', 'lodash/*', false],
    ['lodash/fp', 'lodash/*', true],
    ['lodash/fp/x', 'lodash/*', true],
    ['@s/a', '@s/*', true],
    ['@s/a/b', '@s/*', true],
    ['@t/a', '@s/*', false],
    ['anything/at/all', '*', true],
    ['acme-db/x', 'acme-*', true],
    ['acme', 'acme-*', false],
    ['cdn.example.com', '*.example.com', true],
    ['exampleXcom', 'example.com', false],
    ['a.b', 'a+b', false],
  ])('says that %j under %j is %s', (specifier, pattern, expected) => {
    expect(isNamed(specifier, [pattern])).toBe(expected)
  })

  test('says no when nothing is listed', () => {
    expect(isNamed('a', [])).toBe(false)
  })
})

describe('splitSuffix()', () => {
  test.each([
    ['./a.ts', './a.ts', ''],
    ['./a.svg?raw', './a.svg', '?raw'],
    ['./a.svg?raw#x', './a.svg', '?raw#x'],
    ['./a#x', './a', '#x'],
    ['#imports/a', '#imports/a', ''],
  ])('splits %j', (specifier, path, suffix) => {
    expect(splitSuffix(specifier)).toEqual([path, suffix])
  })
})

describe('isInstalled()', () => {
  test.each([
    [posix, '/p', '/p/src/a.ts', false],
    [posix, '/p', '/p/node_modules/a/i.js', true],
    [posix, '/x/node_modules/p', '/x/node_modules/p/src/a.ts', false],
    [posix, '/x/node_modules/p', '/x/node_modules/q/a.ts', true],
    [posix, '/p', '/store/node_modules/a/i.js', true],
    [posix, '/p', '/p/my_node_modules/a.js', false],
    [win32, 'C:\\p', 'C:\\p\\node_modules\\a\\i.js', true],
    [win32, 'C:\\p', 'C:\\p\\src\\a.ts', false],
    [win32, 'C:\\p', 'D:\\s\\node_modules\\a\\i.js', true],
  ])('%#: with root %s', (path, root, file, expected) => {
    expect(isInstalled(root, file, path)).toBe(expected)
  })
})

describe('installedNameOf()', () => {
  test.each([
    [posix, '/p/node_modules/a/i.js', 'a'],
    [posix, '/p/node_modules/.pnpm/a@1/node_modules/@s/a/i.js', '@s/a'],
    [posix, '/p/src/a.js', undefined],
    [win32, 'C:\\p\\node_modules\\@s\\a\\i.js', '@s/a'],
  ])('%#: names the innermost package', (path, file, name) => {
    expect(installedNameOf(file, path)).toBe(name)
  })
})

describe('folderOf()', () => {
  test.each([
    [posix, '/a/b.ts', '/a'],
    [posix, '/a/b/', '/a/b'],
    [posix, '/', '/'],
    [win32, 'C:\\a\\b.ts', 'C:\\a'],
    [win32, 'C:\\a\\', 'C:\\a'],
  ])('%#: takes a file or a folder with its separator', (path, importer, folder) => {
    expect(folderOf(importer, path)).toBe(folder)
  })
})

describe('hostOf()', () => {
  test('reads hosts and refuses what has none', () => {
    expect(hostOf('https://esm.sh:8443/x')).toBe('esm.sh:8443')
    expect(hostOf('//esm.sh/x')).toBe('esm.sh')
    expect(hostOf('npm:x')).toBeUndefined()
  })
})
