import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { CliHost } from '../../src/cli/host.ts'
import { quickMain } from '../../src/cli/quick-main.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'

const FILES = { 'package.json': '{"name":"app"}', 'a.ts': 'export const a: number = 1\n' }

describe('quickMain()', () => {
  test('bundles what needs no system', async () => {
    await using fixture = await createFixture(FILES)
    const { host, said } = hostOf(fixture)

    const done = await quickMain(['bundle', 'a.ts'], host)

    expect(done).toBe(true)
    expect(said).toEqual([expect.stringMatching(/^dist\/a\.js /), 0])
  })

  test('reports a failure itself', async () => {
    await using fixture = await createFixture({ ...FILES, 'a.ts': 'let 1' })
    const { host, said } = hostOf(fixture)

    const done = await quickMain(['bundle', 'a.ts'], host)

    expect(done).toBe(true)
    expect(said).toEqual([expect.stringContaining('SOMON_BUNDLE_FAILED'), 1])
  })

  test.each([
    [['run', 'a.ts']],
    [['bundle']],
    [['bundle', 'a.ts', '--no-such-flag']],
    [['bundle', 'a.ts', '--help']],
    [['bundle', 'a.ts', '--watch']],
    [['bundle', 'a.ts', '--analyze']],
    [['bundle', 'a.ts', '--import-meta=source']],
    [['bundle', 'a.ts', '--packages=external', '--inline=x']],
    [['bundle', 'a.ts', '--config=x.toml']],
    [['bundle', 'a.ts', '--outdir=x', '--outfile=y']],
  ])('leaves %j to main, with nothing done or said', async (argv) => {
    await using fixture = await createFixture(FILES)
    const { host, said } = hostOf(fixture)

    const done = await quickMain(argv, host)

    expect(done).toBe(false)
    expect(said).toEqual([])
    expect(existsSync(fixture.path('dist'))).toBe(false)
  })

  test('takes the folder of the cache from its variable', async () => {
    await using fixture = await createFixture(FILES)
    const { host, said } = hostOf(fixture, { SOMON_CACHE_DIR: fixture.path('own') })
    await settle(fixture)

    const done = await quickMain(['bundle', 'a.ts'], host)

    expect(done).toBe(true)
    expect(said).toEqual([expect.stringMatching(/^dist\/a\.js /), 0])
    expect(existsSync(fixture.path('own/v2'))).toBe(true)
  })

  test('leaves a project with a configuration to main', async () => {
    await using fixture = await createFixture({ ...FILES, 'somon.toml': '' })

    expect(await quickMain(['bundle', 'a.ts'], hostOf(fixture).host)).toBe(false)
    expect(
      await quickMain(['bundle', 'a.ts'], hostOf(fixture, { SOMON_CACHE_DISK_MODE: 'off' }).host),
    ).toBe(false)
    await fixture.remove('somon.toml')
    expect(
      await quickMain(['bundle', 'a.ts'], hostOf(fixture, { SOMON_CACHE_DIR: 'relative' }).host),
    ).toBe(false)
  })
})

/** What changed just before a build is not remembered: waits by the file system's own ticks. */
async function settle(fixture: Fixture): Promise<void> {
  const from = Date.now()
  while (Date.now() - from < 40) await fixture.write('tick.txt', '')
}

function hostOf(
  fixture: Fixture,
  env: Record<string, string> = {},
): { readonly host: CliHost; readonly said: unknown[] } {
  const said: unknown[] = []
  const stream = { write: (text: string) => said.push(text) }
  const exit = (code: number): void => void said.push(code)
  const end = async (code: number): Promise<void> => exit(code)
  return { host: { cwd: fixture.root, env, out: stream, err: stream, exit, end }, said }
}
