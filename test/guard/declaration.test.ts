import { describe, expect, test } from 'vitest'
import { mergeSettings } from '../../src/guard/declaration.ts'
import { guardSettings } from './support/settings.ts'

describe('mergeSettings()', () => {
  test('puts later settings over earlier ones, member by member', () => {
    const base = guardSettings()

    const merged = mergeSettings(
      base,
      { timeoutMs: 5, breaker: { open: { baseMs: 7 } }, ignore: ['A'] },
      undefined,
      { timeoutMs: 6, breaker: { consecutive: 9 }, ignore: ['B'] },
    )

    expect(merged).toEqual({
      ...base,
      timeoutMs: 6,
      breaker: { ...base.breaker, consecutive: 9, open: { ...base.breaker.open, baseMs: 7 } },
      ignore: ['B'],
    })
  })

  test('leaves out what is no setting of a guard, and what is not said', () => {
    const base = guardSettings()

    const merged = mergeSettings(base, {
      kind: 'http',
      match: ['x'],
      timeoutMs: undefined,
    } as object)

    expect(merged).toEqual(base)
  })

  test('returns something frozen to its last member, and freezes nothing else', () => {
    const base = guardSettings()

    const merged = mergeSettings(base, { retry: { max: 1 } })

    const parts = [merged, merged.breaker, merged.breaker.open, merged.retry]
    expect(parts.map((part) => Object.isFrozen(part))).toEqual([true, true, true, true])
    expect(Object.isFrozen(base)).toBe(false)
  })
})
