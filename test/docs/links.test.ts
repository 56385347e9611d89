import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { anchorsOf, docPages, internalLinks } from '../support/markdown.ts'

const root = join(import.meta.dirname, '../..')
const pages = await docPages()

describe('the links of the documentation', () => {
  test.each(pages)('$file leads to files and headings that exist', ({ file, text }) => {
    const dead = internalLinks(text)
      .filter(({ path, anchor }) => !resolves(file, path, anchor))
      .map(({ target }) => target)

    expect(dead).toEqual([])
  })
})

describe('anchorsOf()', () => {
  test('makes anchors as GitHub does', () => {
    const anchors = anchorsOf(
      '# `load()` and *more*\n## cache.disk.mode\n## A\n## A\n```\n# no\n```',
    )

    expect([...anchors]).toEqual(['load-and-more', 'cachediskmode', 'a', 'a-1'])
  })
})

describe('internalLinks()', () => {
  test('takes links inside the project, and none of code', () => {
    const text =
      '[a](docs/a.md#b) [c](#c) [d](https://example.com) `[e](e.md)`\n```\n[f](f.md)\n```'

    expect(internalLinks(text).map(({ target }) => target)).toEqual(['docs/a.md#b', '#c'])
  })
})

function resolves(from: string, path: string, anchor: string): boolean {
  const file = path === '' ? join(root, from) : join(root, dirname(from), path)
  if (!existsSync(file)) return false
  if (anchor === '' || statSync(file).isDirectory()) return true
  return anchorsOf(readFileSync(file, 'utf8')).has(anchor)
}
