import { describe, expect, test } from 'vitest'
import { checkLoaded, checkResolved } from '../../src/bundle/hook-result.ts'
import type { FusedPlugin } from '../../src/bundle/plugin.ts'
import { createFixture } from '../support/fixture.ts'
import { createBundling } from './support/bundling.ts'

/** A plugin whose one hook returns what no type would let it. */
function returning(hook: 'resolveId' | 'load' | 'transform', result: unknown): FusedPlugin {
  return Object.assign({ name: 'odd' }, { [hook]: () => result })
}

describe('Bundler.build() with a hook that returns something else', () => {
  test.each([
    ['resolveId', { id: 5 }, '{ id: 5 }; it has to return a string, { id: string, external?'],
    ['resolveId', { external: true }, '{ external: true }; it has to return a string'],
    ['resolveId', { id: 'a', external: 1 }, '{ id: "a", external: 1 }; it has to return'],
    ['resolveId', 5, '5; it has to return a string'],
    ['resolveId', ['a'], 'an array; it has to return a string'],
    ['load', { code: 5 }, '{ code: 5 }; it has to return a string, { code: string, map?'],
    ['load', {}, '{}; it has to return a string'],
    ['load', { code: '', loader: 'tss' }, '{ loader: "tss" }; it has to return one of base64,'],
    ['load', { code: '', loader: 5 }, '{ loader: 5 }; it has to return one of'],
    ['load', { code: '', map: 5 }, '{ map: 5 }; it has to return a source map'],
    ['transform', { code: 5 }, '{ code: 5 }; it has to return a string'],
    ['transform', { code: () => '' }, '{ code: a function }; it has to return a string'],
    ['transform', { code: '', loader: 'x' }, '{ loader: "x" }; it has to return one of'],
    ['transform', true, 'true; it has to return a string'],
  ] as const)('names plugin and hook for %s → %j', async (hook, result, reason) => {
    await using fixture = await createFixture({
      'main.ts': `export { n } from './n.ts'`,
      'n.ts': 'export const n = 1',
    })
    await using bundling = createBundling(fixture.root, { plugins: [returning(hook, result)] })

    const { error } = await bundling.fail('main.ts')

    expect(error.code).toBe('SOMON_BUNDLE_PLUGIN_FAILED')
    expect(error.message).toContain(`Cannot run plugin "odd": its hook "${hook}" failed on "`)
    expect(error.message).toContain(`: it returned ${reason}`)
  })
})

describe('checkResolved()', () => {
  test.each([undefined, null, false, ''])('takes %j for no answer', (result) => {
    expect(checkResolved(result)).toBeUndefined()
  })

  test('hands on a text, and an object with what else it holds', () => {
    expect(checkResolved('a')).toBe('a')
    expect(checkResolved({ id: 'a', external: true })).toEqual({ id: 'a', external: true })
    expect(checkResolved({ id: 'a', meta: 1 })).toEqual({ id: 'a', meta: 1 })
  })
})

describe('checkLoaded()', () => {
  test.each([
    [undefined, undefined],
    [null, undefined],
    ['', ''],
    [{ code: 'a' }, { code: 'a' }],
    [
      { code: 'a', map: null, loader: 'tsx' },
      { code: 'a', map: null, loader: 'tsx' },
    ],
    [
      { code: 'a', map: '{}', loader: undefined },
      { code: 'a', map: '{}' },
    ],
  ])('takes %j as %j', (result, expected) => {
    expect(checkLoaded(result)).toEqual(expected)
  })
})
