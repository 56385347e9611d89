import { describe, expect, test } from 'vitest'
import { readConfigFile } from '../../src/config/file.ts'
import { environment, errorOf, faultCodes, settingsOf } from '../support/config-scene.ts'
import { createFixture } from '../support/fixture.ts'

describe('a text file', () => {
  test.for([
    ['somon.toml', '[cache]\nmaxBytes = "12x"\n\n[cache.disk]\nmod = "off"\n', '2:1', '5:1'],
    ['somon.yaml', 'cache:\n  maxBytes: 12x\n  disk:\n    mod: off\n', '2:3', '4:5'],
    [
      'somon.config.json',
      '{\n  "cache": {\n    "maxBytes": "12x",\n    "disk": { "mod": "off" }\n  }\n}',
      '3:5',
      '4:15',
    ],
  ] as const)('%s is blamed with line, column and frame', async ([name, text, value, key]) => {
    await using fixture = await createFixture({ [name]: text })
    const file = await readConfigFile(fixture.root)

    const error = errorOf(() => settingsOf({ file }))

    expect(error.errors?.map((fault) => fault.message.split(' from ')[1]?.split(': ')[0])).toEqual([
      `${name}:${value}`,
      `${name}:${key}`,
    ])
    expect(error.errors?.[1]?.data.nearest).toBe('cache.disk.mode')
    expect(error.frame).toContain('maxBytes')
    expect(error.errors?.[1]?.location?.file).toBe(name)
  })

  test('takes variables of the environment, then of .env, and reads them as their kind', async () => {
    await using fixture = await createFixture({
      'somon.toml':
        'root = "${BASE:-fallback}"\n[cache]\nmaxEntries = "${N}"\n[loading]\nexternals = ["${A}", "$$x"]\n',
    })
    const file = await readConfigFile(fixture.root)
    const dotEnv = { file: '.env', variables: { N: '5', A: 'weak' } }

    const settings = settingsOf({ file, dotEnv, env: environment({ A: 'strong' }) })

    expect(settings.cache.maxEntries).toBe(5)
    expect(settings.loading.externals).toEqual(['strong', '$x'])
    expect(settings.root).toBe(fixture.path('fallback'))
  })

  test('is refused when a variable is missing', async () => {
    await using fixture = await createFixture({ 'somon.toml': '[log]\nlevel = "${LEVEL}"\n' })
    const file = await readConfigFile(fixture.root)

    const error = errorOf(() => settingsOf({ file }))

    expect(faultCodes(error)).toEqual(['SOMON_CONFIG_UNSET_VARIABLE'])
    expect(error.errors?.[0]?.data).toEqual({
      variable: 'LEVEL',
      setting: 'log.level',
      from: 'somon.toml:2:1',
    })
  })
})

describe('an unknown key', () => {
  test.for([
    [{ cach: { maxEntries: 1 } }, 'cache'],
    [{ caches: {} }, 'cache'],
    [{ loadings: 5 }, 'loading'],
    [{ cache: { disks: { mode: 'off' } } }, 'cache.disk'],
    [{ cache: { maxEntry: 5 } }, 'cache.maxEntries'],
    [{ zebra: {} }, null],
  ] as const)('in %j is answered with the nearest section or setting: %s', ([options, near]) => {
    const error = errorOf(() => settingsOf({ options: options as object }))

    expect((error.errors ?? [error]).map((fault) => fault.data.nearest)).toEqual([near])
    expect(error.message + error.fix).not.toContain('docs/')
  })

  test('near nothing is answered with the sections there are', () => {
    const error = errorOf(() => settingsOf({ options: { zebra: {} } as object }))

    expect(error.fix).toBe(
      'Remove it; settings lie in the sections loading, bundle, cache, guard and log',
    )
  })
})
