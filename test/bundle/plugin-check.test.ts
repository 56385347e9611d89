import { describe, expect, test } from 'vitest'
import { checkPlugins } from '../../src/bundle/plugin-check.ts'
import type { SomonPlugin } from '../../src/bundle/plugin.ts'
import { isSomonError } from '../../src/base/error.ts'

function refusalOf(plugin: unknown): string {
  try {
    checkPlugins([plugin as SomonPlugin])
  } catch (error) {
    return isSomonError(error, 'SOMON_BUNDLE_PLUGIN_INVALID') ? error.message : String(error)
  }
  return 'accepted'
}

const fn = (): undefined => undefined
const good = { name: 'good', load: (): undefined => undefined }

describe('checkPlugins()', () => {
  const wrong: readonly [unknown, string][] = [
    [undefined, 'plugin "#1": it is missing'],
    [null, 'plugin "#1": it is null'],
    [() => good, 'plugin "#1": it is a function'],
    [[], 'plugin "#1": it is a list'],
    [{}, 'its "name" is missing'],
    [{ name: '' }, 'its "name" is ""'],
    [{ ...good, enforce: 'first' }, 'its "enforce" is "first"; expected "pre" or "post"'],
    [{ ...good, enforc: 'pre' }, 'no hook or member "enforc"; did you mean "enforce"'],
    [{ ...good, tranform: () => {} }, 'did you mean "transform"'],
    [{ ...good, zebra: 1 }, 'no hook or member "zebra"; known are "name"'],
    [{ ...good, vite: {} }, 'no hook or member "vite"'],
    [{ ...good, load: 'x' }, 'its "load" is "x"; expected a function or { filter, handler }'],
    [{ ...good, load: { filter: {} } }, 'its "load" is a value of type object'],
    [{ ...good, load: { filter: 1, handler() {} } }, 'the filter of "load" is 1'],
    [{ ...good, load: { filter: { code: 'x' }, handler() {} } }, '"load.filter.code"'],
    [
      { ...good, transform: { filter: { id: 7 }, handler() {} } },
      'the filter "id" of "transform" is 7',
    ],
    [{ ...good, transform: { filter: { id: { inclde: 'x' } }, handler() {} } }, 'the filter "id"'],
    [
      { ...good, transform: { filter: { ids: 'x' }, handler() {} } },
      'did you mean "transform.filter.id"',
    ],
    [
      { ...good, buildStart: {} },
      'its "buildStart" is a value of type object; expected a function',
    ],
    [{ ...good, somon: [] }, 'its "somon" is a list'],
    [{ ...good, somon: { verfy() {} } }, '"somon.verfy"; did you mean "somon.verify"'],
    [{ ...good, somon: { verify: true } }, 'its "somon.verify" is true; expected a function'],
    [{ ...good, cacheKey: 5 }, 'its "cacheKey" is 5'],
    [{ ...good, env: 'HOME' }, 'its "env" is "HOME"; expected a list'],
    [{ ...good, watch: 'x' }, 'its "watch" is "x"'],
    [{ ...good, watch: { files: 'x' } }, 'its "watch.files" is "x"'],
    [{ ...good, watch: { file: [] } }, 'did you mean "watch.files"'],
    [{ name: 'raw', setup: 1 }, 'its "setup" is 1; expected a function'],
    [{ name: 'raw', setup() {}, transform() {} }, 'no hook or member "transform"'],
  ]
  test.each(wrong)('refuses %j', (plugin, message) => {
    expect(refusalOf(plugin)).toContain(message)
  })

  test('tells how to repair what can be guessed', () => {
    expect(() => checkPlugins([{ ...good, vite: {} } as SomonPlugin])).toThrow(
      expect.objectContaining({ fix: expect.stringContaining('plugin.esbuild(options)') }),
    )
    expect(() => checkPlugins([() => good])).toThrow(
      expect.objectContaining({ fix: expect.stringContaining('plugins: [yaml()]') }),
    )
  })

  test('accepts every member that the types offer', () => {
    const filter = { id: ['a', /b/], code: { include: 'x', exclude: [/y/] } }

    const checked = checkPlugins([
      {
        name: 'all',
        enforce: 'post',
        cacheKey: () => 'k',
        watch: { files: ['a'], dirs: ['b'] },
        env: ['X'],
        resolveId: { filter: { id: 'x' }, handler: fn },
        load: { handler: fn },
        transform: { filter, handler: fn },
        buildStart: fn,
        buildEnd: fn,
        watchChange: fn,
        somon: { beforeLoad: fn, built: fn, instantiate: fn, verify: fn, retire: fn },
      },
      { name: 'raw', setup: fn, cacheKey: 'x', watch: {}, env: [] },
    ])

    expect(checked.map((plugin) => `${plugin.shape} ${plugin.name}`)).toEqual([
      'esbuild raw',
      'fused all',
    ])
  })

  test('keeps what esbuild does not know out of its plugin, and its `this`', () => {
    const raw = {
      name: 'raw',
      cacheKey: 'k',
      setup(): void {
        expect(this).toBe(raw)
      },
    }

    const [checked] = checkPlugins([raw])

    expect(Object.keys(checked?.plugin ?? {})).toEqual(['name', 'setup'])
    const { plugin } = checked as unknown as { plugin: typeof raw }
    plugin.setup()
    expect.assertions(2)
  })
})
