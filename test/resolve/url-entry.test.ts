import { urlEntry } from '../../src/resolve/url-entry.ts'
import { describe, expect, test } from 'vitest'
import { resolverFor } from '../support/build-options.ts'

const root = import.meta.dirname

function nameOf(specifier: string, allowedSources: readonly string[] = ['*']): string {
  return urlEntry(resolverFor({ root }, { allowedSources }), specifier, root)
}

function refused(code: string): unknown {
  return expect.objectContaining({ code })
}

describe('urlEntry()', () => {
  test('gives one name to every spelling of an address', () => {
    const name = 'https://host.test/a.ts?x=1'

    expect(nameOf('HTTPS://Host.Test:443/b/../a.ts?x=1#part')).toBe(name)
    expect(nameOf(name)).toBe(name)
    expect(nameOf('virtual:Routes#one')).toBe('virtual:Routes#one')
  })

  test('refuses what is no URL, hosts that are not admitted, and passwords', () => {
    expect(() => nameOf('https://')).toThrow(refused('SOMON_RESOLVE_NOT_FOUND'))
    expect(() => nameOf('https://b.test/a.ts', ['a.test'])).toThrow(
      refused('SOMON_RESOLVE_SOURCE_DENIED'),
    )
    expect(nameOf('https://a.test/a.ts', ['a.test'])).toBe('https://a.test/a.ts')
    expect(() => nameOf('https://me:secret@a.test/a.ts')).toThrow(
      /"https:\/\/\*\*\*@a\.test\/a\.ts"/,
    )
  })
})
