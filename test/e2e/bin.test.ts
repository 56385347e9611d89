import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createFixture, type Fixture } from '../support/fixture.ts'

const BIN = join(import.meta.dirname, '..', '..', 'bin', 'somon.js')

describe('bin/somon.js', () => {
  test('lets Node keep what it compiled, in the cache folder of the user', async () => {
    await using fixture = await createFixture({ 'main.ts': 'console.log("ran")' })

    const output = somon(fixture, 'run', 'main.ts')

    expect(output).toBe('ran\n')
    expect(filesBelow(fixture.path('xdg', 'somon', 'node')).length).toBeGreaterThan(0)
  })

  test('keeps the compiled file of plain bundles as well', async () => {
    await using fixture = await createFixture({ 'package.json': '{}', 'main.ts': 'export {}' })
    const kept = (): readonly string[] =>
      filesBelow(fixture.path('xdg', 'somon', 'node')).filter((name) =>
        /[/\\][\da-f]{8}$/.test(name),
      )

    somon(fixture, 'bundle', 'main.ts')
    const first = kept()
    somon(fixture, 'bundle', 'main.ts')

    expect(first).toHaveLength(1)
    expect(kept()).toEqual(first)
  })

  test('keeps nothing with --no-cache', async () => {
    await using fixture = await createFixture({ 'main.ts': 'console.log("ran")' })

    const output = somon(fixture, 'run', 'main.ts', '--no-cache')

    expect(output).toBe('ran\n')
    expect(readdirSync(fixture.root)).toEqual(['main.ts'])
  })
})

function somon(fixture: Fixture, ...args: readonly string[]): string {
  const { NODE_COMPILE_CACHE: _ours, ...env } = process.env
  return execFileSync(process.execPath, [BIN, ...args], {
    cwd: fixture.root,
    encoding: 'utf8',
    env: { ...env, XDG_CACHE_HOME: fixture.path('xdg') },
  })
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
}
