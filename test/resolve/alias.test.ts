import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { esbuildAlias, replaceAlias } from '../../src/resolve/alias.ts'

describe('replaceAlias()', () => {
  test.each([
    [{ a: 'b' }, 'a', 'b'],
    [{ a: 'b' }, 'a/x', 'b/x'],
    [{ a: 'b' }, 'ab', undefined],
    [{ 'a/*': 'b/*' }, 'a', undefined],
    [{ 'a/*': './b/*' }, 'a/x/y', './b/x/y'],
    [{ 'a/*': './b' }, 'a/x', './b/x'],
    [{ a: '1', 'a/b': '2' }, 'a/b/c', '2/c'],
    [{ '@s/a': 'b' }, '@s/a', 'b'],
    [{}, 'a', undefined],
  ])('with %j turns %j into %j', (alias, specifier, expected) => {
    expect(replaceAlias(specifier, alias)).toBe(expected)
  })

  test('keeps what stands below the name', () => {
    const word = fc.stringMatching(/^[a-z]{1,5}$/)

    fc.assert(
      fc.property(word, word, fc.array(word), (name, target, below) => {
        const rest = below.map((part) => `/${part}`).join('')

        expect(replaceAlias(name + rest, { [name]: target })).toBe(target + rest)
      }),
    )
  })
})

describe('esbuildAlias()', () => {
  test('leaves the stars out, which esbuild does not know', () => {
    expect(esbuildAlias({ '@/*': './src/*', a: 'b' })).toEqual({ '@': './src', a: 'b' })
  })
})
