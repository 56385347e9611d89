import { version } from 'esbuild'
import { expect, test } from 'vitest'
import { ESBUILD_VERSION } from '../../src/bundle/esbuild-version.ts'

test('ESBUILD_VERSION is the version of the installed esbuild', () => {
  expect(ESBUILD_VERSION).toBe(version)
})
