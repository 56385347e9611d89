import { statSync, writeFileSync, type Stats } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isSameStat, Stamps } from '../../src/bundle/stamps.ts'
import { createFixture } from '../support/fixture.ts'

const NEW = '6.13.0-generic'

describe('Stamps', () => {
  test('knows the kernels whose files take a new time with every change', () => {
    const known = [NEW, '7.0.1', '6.18.44-vm', '6.12.9', '5.15.0', 'unknown'].map(
      (kernel) => new Stamps('/tmp', 'linux', kernel).areKnown,
    )

    // The folder's own file system may be another one: then none is known.
    expect([
      [true, true, true, false, false, false],
      [false, false, false, false, false, false],
    ]).toContainEqual(known)
    expect(new Stamps('/tmp', 'darwin', NEW).areKnown).toBe(false)
    expect(new Stamps('/proc', 'linux', NEW).areKnown).toBe(false)
    expect(new Stamps('/nowhere', 'linux', NEW).areKnown).toBe(false)
  })

  test('tell two writes apart that follow each other at once, where they are known', async () => {
    await using fixture = await createFixture({ 'a.ts': '0' })
    const file = fixture.path('a.ts')
    const stamps = new Stamps(fixture.root)

    let blind = 0
    for (let count = 0; count < 200; count += 1) {
      const before = statSync(file)
      writeFileSync(file, String(count % 10))
      if (stamps.areDistinct(before) && isSameStat(before, statSync(file))) blind += 1
    }

    expect(blind).toBe(0)
  })

  test('vouch for nothing on another device, and for no time without fractions', () => {
    const stamps = new Stamps('/tmp', 'linux', NEW)
    const stat = statSync('/tmp')
    const changed = (facts: object): Stats => Object.assign(Object.create(stat) as Stats, facts)

    expect(stamps.areDistinct(changed({ dev: stat.dev, ctimeMs: 1.5 }))).toBe(stamps.areKnown)
    expect(stamps.areDistinct(changed({ dev: stat.dev + 1, ctimeMs: 1.5 }))).toBe(false)
    expect(stamps.areDistinct(changed({ dev: stat.dev, ctimeMs: 1 }))).toBe(false)
  })

  test('settle with time where they are not known', () => {
    const stamps = new Stamps('/tmp', 'darwin')
    const at = (ms: number): boolean =>
      stamps.areSettled({ dev: 1, mtimeMs: ms, ctimeMs: ms } as Stats, 10_000)

    expect([at(9950.5), at(9850.5), at(8500), at(7500)]).toEqual([false, true, false, true])
  })
})
