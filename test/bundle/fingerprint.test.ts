import { describe, expect, test } from 'vitest'
import type { BuildOptions } from '../../src/bundle/build-options.ts'
import { fingerprint, Fingerprints } from '../../src/bundle/fingerprint.ts'
import type { ResolveOptions } from '../../src/resolve/resolution.ts'

const RESOLVE: ResolveOptions = {
  root: '/project',
  packages: 'external',
  externals: [],
  inline: [],
  externalPolicy: 'any',
  allowedSources: ['*'],
  conditions: [],
  alias: { shim: '/project/src/shim.ts', other: 'package' },
  tsconfig: '/project/tsconfig.json',
}

const OPTIONS: BuildOptions = {
  root: '/project',
  resolve: RESOLVE,
  target: 'node24',
  define: { A: '1', B: '2' },
  loader: {},
  sourceMaps: 'lazy',
}

function of(
  options: Partial<BuildOptions>,
  resolve: Partial<ResolveOptions> = {},
  inlined: readonly string[] = [],
  parts: readonly string[] = [],
): string {
  const whole = { ...OPTIONS, ...options, resolve: { ...RESOLVE, ...resolve } }
  return fingerprint(whole, { keys: () => ({ parts, uncacheable: undefined }) }, inlined).digest
}

const KEYLESS = { keys: () => ({ parts: [], uncacheable: 'keyless' }) }

describe('fingerprint()', () => {
  test('is the same for the same project elsewhere', () => {
    const moved = of(
      { root: '/elsewhere/p' },
      {
        root: '/elsewhere/p',
        alias: { shim: '/elsewhere/p/src/shim.ts', other: 'package' },
        tsconfig: '/elsewhere/p/tsconfig.json',
      },
    )

    expect(moved).toBe(of({}))
  })

  test('does not depend on the order of members, nor on source maps', () => {
    expect(of({ define: { B: '2', A: '1' } })).toBe(of({}))
    expect(of({ sourceMaps: 'eager' })).toBe(of({}))
  })

  test.each<[string, string]>([
    ['define', of({ define: { A: '2', B: '2' } })],
    ['loader', of({ loader: { '.x': 'text' } })],
    ['target', of({ target: 'node26' })],
    ['jsx', of({ jsx: 'automatic' })],
    ['packages', of({}, { packages: 'bundle' })],
    ['externals', of({}, { externals: ['x'] })],
    ['inline', of({}, { inline: ['x'] })],
    ['conditions', of({}, { conditions: ['dev'] })],
    ['alias', of({}, { alias: { shim: '/project/src/other.ts', other: 'package' } })],
    ['tsconfig', of({}, { tsconfig: undefined })],
    ['allowedSources', of({}, { allowedSources: ['a'] })],
    ['externalPolicy', of({}, { externalPolicy: 'declared' })],
    ['inlined packages', of({}, {}, ['x'])],
    ['plugins', of({}, {}, [], ['one'])],
    ['the order of plugins', of({}, {}, [], ['two', 'one'])],
  ])('changes with %s', (_what, changed) => {
    expect(changed).not.toBe(of({}))
    expect(changed).not.toBe(of({}, {}, [], ['one', 'two']))
  })

  test('names the plugin that has no key', () => {
    expect(fingerprint(OPTIONS, KEYLESS, []).uncacheable).toBe('keyless')
  })
})

const host = (parts: readonly string[], uncacheable?: string) => ({
  keys: () => ({ parts, uncacheable }),
})

describe('Fingerprints.of()', () => {
  test('gives the same object while nothing has changed', () => {
    const fingerprints = new Fingerprints()

    const first = fingerprints.of(OPTIONS, host(['p']), ['a'])

    expect(fingerprints.of(OPTIONS, host(['p']), ['a'])).toBe(first)
    expect(first).toEqual(fingerprint(OPTIONS, host(['p']), ['a']))
  })

  test.each<[string, Parameters<Fingerprints['of']>]>([
    ['the options', [{ ...OPTIONS, target: 'node26' }, host(['p']), ['a']]],
    ['a plugin', [OPTIONS, host(['q']), ['a']]],
    ['who has no key', [OPTIONS, host(['p'], 'keyless'), ['a']]],
    ['an inlined package', [OPTIONS, host(['p']), ['b']]],
    ['what was a plugin and is a package', [OPTIONS, host([]), ['p', 'a']]],
  ])('notices a change of %s', (_name, given) => {
    const fingerprints = new Fingerprints()
    fingerprints.of(OPTIONS, host(['p']), ['a'])

    const changed = fingerprints.of(...given)

    expect(changed).toEqual(fingerprint(...given))
    expect(changed).not.toEqual(fingerprint(OPTIONS, host(['p']), ['a']))
  })
})
