import { describe, expect, test } from 'vitest'
import { explainSetting } from '../../src/config/explain.ts'
import { readConfigFile } from '../../src/config/file.ts'
import { environment, errorOf } from '../support/config-scene.ts'
import { createFixture } from '../support/fixture.ts'

describe('explainSetting()', () => {
  test('lists every source, weakest first, and names the winner', async () => {
    await using fixture = await createFixture({ 'somon.toml': '[cache]\nmaxEntries = 5\n' })

    const explanation = explainSetting('cache.maxEntries', {
      profile: 'run',
      file: await readConfigFile(fixture.root),
      dotEnv: { file: '.env', variables: { SOMON_CACHE_MAX_ENTRIES: '6' } },
      env: environment({ SOMON_CACHE_SIZE: '7' }),
      flags: { 'cache.maxEntries': '8' },
    })

    expect(explanation).toMatchObject({
      path: 'cache.maxEntries',
      value: '8',
      source: 'flag',
      layers: [
        { source: 'default', at: 'run', value: '1000' },
        { source: 'file', at: 'somon.toml:2:1', value: '5' },
        { source: '.env', at: 'SOMON_CACHE_MAX_ENTRIES in .env', value: '6' },
        { source: 'env', at: 'SOMON_CACHE_SIZE', value: '7' },
        { source: 'flag', at: '--cache-size', value: '8' },
      ],
      aliases: ['maxCacheSize'],
    })
  })

  test('takes an alias and hides secrets', () => {
    const env = environment({ SOMON_CACHE_SECRET: 's'.repeat(32) })

    const size = explainSetting('maxCacheSize', { profile: 'library', env })
    const secret = explainSetting('cache.secret', { profile: 'library', env })

    expect(size).toMatchObject({ path: 'cache.maxEntries', source: 'default', value: '1000' })
    expect(secret.layers.map((layer) => layer.value)).toEqual(['null', '"***"'])
  })

  test('refuses a path that does not exist and names the nearest', () => {
    const error = errorOf(() =>
      explainSetting('cache.maxentries', { profile: 'library', env: environment() }),
    )

    expect(error).toMatchObject({
      code: 'SOMON_CONFIG_UNKNOWN_PATH',
      data: { nearest: 'cache.maxEntries' },
    })
  })
})
