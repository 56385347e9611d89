import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/base/secret.ts'

const secret = new Secret('hunter2')

describe('Secret', () => {
  test('reveal() returns the value', () => {
    expect(secret.reveal()).toBe('hunter2')
  })

  test.each([
    ['a template', `value: ${String(secret)}`],
    ['JSON', JSON.stringify({ password: secret })],
    ['inspect', inspect(secret, { showHidden: true, depth: 9 })],
    ['a list of its keys', Object.keys(secret).join()],
  ])('is not shown by %s', (_name, text) => {
    expect(text).not.toContain('hunter2')
  })

  test('prints as ***', () => {
    expect(String(secret)).toBe('***')
    expect(JSON.stringify([secret])).toBe('["***"]')
  })
})
