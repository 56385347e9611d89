import { describe, expect, test } from 'vitest'
import { keyedPlugin, pluginPackageKey } from '../../src/bundle/keyed-plugin.ts'

describe('keyedPlugin()', () => {
  test('gives a key to a plugin without one', () => {
    const plugin = { name: 'a', setup: () => {} }

    expect(keyedPlugin(plugin, 'k')).toEqual({ ...plugin, cacheKey: 'k' })
  })

  test('leaves the plugin its own key', () => {
    const plugin = { name: 'a', load: () => null, cacheKey: 'own' }

    expect(keyedPlugin(plugin, 'k')).toBe(plugin)
  })
})

describe('pluginPackageKey()', () => {
  test('is equal for equal options in any order and differs with version and options', () => {
    const key = pluginPackageKey('p', '1.0.0', { a: 1, b: /x/ })

    expect(pluginPackageKey('p', '1.0.0', { b: /x/, a: 1 })).toBe(key)
    expect(pluginPackageKey('p', '1.0.1', { a: 1, b: /x/ })).not.toBe(key)
    expect(pluginPackageKey('p', '1.0.0', { a: 1, b: /y/ })).not.toBe(key)
    expect(pluginPackageKey('p', '1.0.0', undefined)).toBe('p@1.0.0 null')
  })

  test('refuses options that no text can stand for', () => {
    expect(() => pluginPackageKey('p', '1.0.0', { map: () => 1 })).toThrow(TypeError)
  })
})
