import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { cli, CLI_PROJECT } from '../../support/cli-project.ts'
import { createFixture } from '../../support/fixture.ts'

describe('somon cache', () => {
  test('warms, counts, verifies, prunes and clears', async () => {
    await using fixture = await createFixture({ ...CLI_PROJECT, 'node_modules/.keep': '' })

    const cold = await cli(fixture, 'cache', 'warm', 'src/main.ts', '--readonly')
    const warmed = await cli(fixture, 'cache', 'warm', 'src/main.ts', '--json')
    const again = await cli(fixture, 'cache', 'warm', 'src/main.ts', '--readonly')
    const info = await cli(fixture, 'cache', 'info', '--json')
    const dryRun = await cli(fixture, 'cache', 'clear', '--dry-run', '--json')
    const dir = (await cli(fixture, 'cache', 'path')).stdout.trim()
    const kept = existsSync(dir)
    await cli(fixture, 'cache', 'clear')
    const after = await cli(fixture, 'cache', 'info', '--json')

    expect([cold.code, again.code]).toEqual([1, 0])
    expect(warmed.json().result).toMatchObject({ entries: [{ source: 'built' }] })
    expect(info.json().result).toMatchObject({ dir, entries: expect.any(Number) })
    expect((dryRun.json().result as { removed: number }).removed).toBeGreaterThan(1)
    expect(kept).toBe(true)
    expect(after.json().result).toMatchObject({ entries: 0 })
  })

  // It said "built" and ended with 0 although a later start would build again.
  test('tells that warmed entries were not stored, and why', async () => {
    await using fixture = await createFixture({ ...CLI_PROJECT, 'node_modules/.keep': '' })
    await fixture.write('somon.config.json', '{"cache":{"disk":{"mode":"off"}}}')

    const off = await cli(fixture, 'cache', 'warm', 'src/main.ts')
    await fixture.remove('somon.config.json')
    await fixture.write(
      'somon.config.mjs',
      "export default { plugins: [{ name: 'keyless', transform: { filter: { id: /part/ }, handler: () => undefined } }] }",
    )
    const keyless = await cli(fixture, 'cache', 'warm', 'src/main.ts', '--json')

    expect(off).toMatchObject({
      code: 1,
      stdout: 'not stored  src/main.ts: cache.disk.mode is "off"\n',
    })
    expect(keyless.code).toBe(1)
    expect(keyless.json()).toMatchObject({
      ok: false,
      result: {
        entries: [{ source: 'not-stored', because: 'plugin "keyless" has no cacheKey' }],
      },
    })
  })

  test('prunes to a size', async () => {
    await using fixture = await createFixture({ ...CLI_PROJECT, 'node_modules/.keep': '' })
    await cli(fixture, 'cache', 'warm', 'src/main.ts')

    const run = await cli(fixture, 'cache', 'prune', '--max-size=0', '--json')

    expect((run.json().result as { removed: number }).removed).toBeGreaterThan(0)
  })

  test('says that nothing is done when the disk cache is off', async () => {
    await using fixture = await createFixture({ ...CLI_PROJECT, 'node_modules/.keep': '' })
    await cli(fixture, 'cache', 'warm', 'src/main.ts')
    const before = await cli(fixture, 'cache', 'info', '--json')
    await fixture.write('somon.config.json', '{"cache":{"disk":{"mode":"off"}}}')

    const pruned = await cli(fixture, 'cache', 'prune', '--max-size=0')
    const cleared = await cli(fixture, 'cache', 'clear', '--json')
    const wouldClear = await cli(fixture, 'cache', 'clear', '--dry-run')
    const after = await cli(fixture, 'cache', 'info', '--json')

    const text = 'the disk cache is off (cache.disk.mode); nothing was done\n'
    expect([pruned.stdout, wouldClear.stdout]).toEqual([text, text])
    expect(cleared.json().result).toMatchObject({ removed: 0, removedBytes: 0 })
    const { entries } = before.json().result as { entries: number }
    expect(entries).toBeGreaterThan(1)
    expect(after.json().result).toMatchObject({ entries, mode: 'off' })
  })

  test('leaves damaged files of a readonly cache in place, and says so', async () => {
    await using fixture = await createFixture({ ...CLI_PROJECT, 'node_modules/.keep': '' })
    await cli(fixture, 'cache', 'warm', 'src/main.ts')
    await fixture.write('node_modules/.cache/somon/v2/blobs/aa/aaaa', 'torn')
    await fixture.write('somon.config.json', '{"cache":{"disk":{"mode":"readonly"}}}')

    const run = await cli(fixture, 'cache', 'verify')

    expect(run.code).toBe(1)
    expect(run.stdout).toContain('damaged, left in place: blobs/aaaa')
    expect(existsSync(fixture.path('node_modules/.cache/somon/v2/blobs/aa/aaaa'))).toBe(true)
  })

  test('finds damaged files; --readonly leaves them, otherwise they go', async () => {
    await using fixture = await createFixture({ ...CLI_PROJECT, 'node_modules/.keep': '' })
    await cli(fixture, 'cache', 'warm', 'src/main.ts')
    await fixture.write('node_modules/.cache/somon/v2/blobs/aa/aaaa', 'torn')

    const seen = await cli(fixture, 'cache', 'verify', '--readonly', '--json')
    const removed = await cli(fixture, 'cache', 'verify', '--json')
    const clean = await cli(fixture, 'cache', 'verify')

    expect(seen.json()).toMatchObject({
      ok: false,
      result: { removed: 0, bad: [{ key: 'blobs/aaaa' }] },
    })
    expect(removed.json()).toMatchObject({ ok: false, result: { removed: 1 } })
    expect([seen.code, removed.code, clean.code]).toEqual([1, 1, 0])
  })
})
