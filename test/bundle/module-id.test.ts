import { assert, oneof, property, string } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { esbuildPathFromId, idFromEsbuildPath } from '../../src/bundle/module-id.ts'

describe('esbuildPathFromId()', () => {
  test('splits the query of a file off', () => {
    expect(esbuildPathFromId('/a/b.svg?raw#x')).toEqual({
      path: '/a/b.svg',
      namespace: 'file',
      suffix: '?raw#x',
    })
  })

  test('makes the scheme of a URL its namespace, so that both print as the URL', () => {
    const { path, namespace } = esbuildPathFromId('https://host.test/a.js?v=1')

    expect({ path, namespace }).toEqual({ path: '//host.test/a.js?v=1', namespace: 'https' })
    expect(esbuildPathFromId('cdn:a.js')).toEqual({ path: 'cdn:a.js', namespace: 'plugin' })
    expect(esbuildPathFromId('file:///a.js').namespace).toBe('plugin')
  })

  test('is undone by idFromEsbuildPath()', () => {
    const id = oneof(
      string({ minLength: 1 }),
      string({ minLength: 1 }).map((text) => `\0${text}`),
      string().map((text) => `/${text}`),
    )
    assert(
      property(id, (text) => {
        const { path, namespace, suffix } = esbuildPathFromId(text)

        expect(idFromEsbuildPath(path, namespace, suffix)).toBe(text)
        expect(path.startsWith('\0') && !text.startsWith('\0\0')).toBe(false)
      }),
    )
  })
})
