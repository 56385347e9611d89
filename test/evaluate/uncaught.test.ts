import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'

/** Runs a program that starts one module whose line 2 throws, uncaught, in the given way. */
function runUncaught(how: string, nodeOptions: readonly string[] = []): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const child = join(import.meta.dirname, 'support', 'uncaught-child.ts')
  execFile(
    process.execPath,
    ['--conditions=somon-source', ...nodeOptions, child, how],
    (_error, _stdout, stderr) => resolve(stderr),
  )
  return promise
}

describe('an uncaught error', () => {
  test.each([
    ['timer', []],
    ['rejection', []],
    ['timer', ['--enable-source-maps']],
  ])('is printed by Node with the positions of the sources: %s %j', async (how, options) => {
    const printed = await runUncaught(how, options)

    expect(printed).toContain('Error: uncaught')
    expect(printed).toMatch(/at .*fail.* ?\(?\/project\/src\/a\.ts:42:1/)
    expect(printed).toContain('[cause]: TypeError: inner')
  })
})
