import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { VERSION } from '../../src/base/version.ts'

test('VERSION is that of package.json', () => {
  const file = new URL('../../package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as { version: string }

  expect(VERSION).toBe(version)
})

test('bin/somon.js answers --version with the same, without importing anything', () => {
  const text = readFileSync(new URL('../../bin/somon.js', import.meta.url), 'utf8')

  expect(/var version = '(.+)'/.exec(text)?.[1]).toBe(VERSION)
})
