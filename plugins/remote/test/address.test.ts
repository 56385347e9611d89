import { describe, expect, test } from 'vitest'
import { checkAddress } from '../src/address.ts'

const rules = (...allow: string[]): { allow: string[]; allowLoopbackHttp: boolean } => ({
  allow,
  allowLoopbackHttp: false,
})

describe('checkAddress()', () => {
  const allowed: readonly [string, string][] = [
    ['esm.sh', 'https://esm.sh/react'],
    ['ESM.sh', 'https://esm.sh/react'],
    ['esm.sh:443', 'https://esm.sh/react'],
    ['host.test:8443', 'https://host.test:8443/a'],
    ['*.host.test', 'https://a.host.test/a'],
    ['*.host.test', 'https://a.b.host.test/a'],
  ]
  test.each(allowed)('lets "%s" through: %s', (rule, address) => {
    expect(checkAddress(address, rules(rule)).href).toBe(address)
  })

  const refused: readonly [string, string][] = [
    ['esm.sh', 'https://esm.sh.evil.test/a'],
    ['esm.sh', 'https://evil.test/esm.sh'],
    ['esm.sh', 'https://esm.sh:8443/a'],
    ['esm.sh', 'https://esm.sh@evil.test/a'],
    ['*.host.test', 'https://host.test/a'],
    ['*.host.test', 'https://evilhost.test/a'],
    ['host.test', 'https://sub.host.test/a'],
  ]
  test.each(refused)('with "%s" refuses %s', (rule, address) => {
    expect(() => checkAddress(address, rules(rule))).toThrow(/SOMON_REMOTE|Cannot import/)
  })

  test('drops the fragment and resolves against a base', () => {
    const base = 'https://host.test/lib/a.js'

    expect(checkAddress('../b.js#x', rules('host.test'), base).href).toBe('https://host.test/b.js')
  })
})
