import { expect, test } from 'vitest'
import { deepFreeze } from '../../src/base/deep-freeze.ts'

test('deepFreeze() freezes objects and lists at every depth and returns the same value', () => {
  const value = { list: [{ a: 1 }, [2]], nested: { deep: {} }, nothing: null }

  const frozen = deepFreeze(value)

  expect(frozen).toBe(value)
  for (const part of [value, value.list, ...value.list, value.nested, value.nested.deep]) {
    expect(Object.isFrozen(part)).toBe(true)
  }
})
