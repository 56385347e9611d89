import { describe, expect, test } from 'vitest'
import type { SettingsInput } from '../../src/config/input.ts'
import { environment, errorOf, faultCodes, fileOf, settingsOf } from '../support/config-scene.ts'

describe('settings of later versions', () => {
  test('are refused together, by name', () => {
    const options: SettingsInput = {
      metrics: true,
      logger: true,
      managementServer: true,
      managementPort: 8080,
    }

    const error = errorOf(() => settingsOf({ options }))

    expect(error.code).toBe('SOMON_CONFIG_NOT_AVAILABLE')
    expect(error.data.settings).toEqual([
      'metrics (the options)',
      'logger (the options)',
      'managementServer (the options)',
      'managementPort (the options)',
    ])
  })

  test.for([
    { log: { format: 'json' } },
    { guard: { swapGraceMs: 5 } },
    { gateway: { port: 3000 } },
    { cache: { external: { url: 'redis://x' } } },
    { health: { intervalMs: 1 } },
    { trace: { sampleRatio: 1 } },
    { metrics: { enabled: true } },
    { metrics: { port: false } },
    { managementPort: false },
    { log: true },
    { features: { compression: true } },
    { enableExternalCache: true },
  ])('refuses %o', (values) => {
    const error = errorOf(() => settingsOf({ file: fileOf(values) }))

    expect(error.code).toBe('SOMON_CONFIG_NOT_AVAILABLE')
  })

  test.for([
    { metrics: false },
    { metrics: { enabled: false } },
    { logger: false, managementServer: false },
    { enableExternalCache: false, cache: { external: false } },
    { cache: { external: { enabled: false } } },
    { log: { enabled: false } },
    { log: false },
    { features: { compression: false, hotReload: false } },
  ])('accepts %o, because it is so already', (values) => {
    expect(settingsOf({ file: fileOf(values) })).toEqual(settingsOf())
  })

  test.for([
    ['SOMON_MANAGEMENT_PORT', '8080'],
    ['SOMON_GUARD_SWAP_GRACE_MS', '5'],
    ['SOMON_METRICS_ENABLED', 'true'],
    ['SOMON_LOG_FORMAT', 'json'],
    ['SOMON_CACHE__EXTERNAL__URL', 'redis://x'],
  ] as const)('refuses the variable %s', ([name, value]) => {
    const error = errorOf(() => settingsOf({ env: environment({ [name]: value }) }))

    expect(error.code).toBe('SOMON_CONFIG_NOT_AVAILABLE')
    expect(error.message).toContain(name)
  })

  test('accepts variables that switch them off', () => {
    const env = environment({ SOMON_METRICS_ENABLED: 'false', SOMON_ENABLE_AUDIT_LOG: '0' })

    expect(settingsOf({ env })).toEqual(settingsOf())
  })

  test('are one fault among others', () => {
    const error = errorOf(() =>
      settingsOf({ options: { metrics: true, loading: { timeoutMs: -1 } } }),
    )

    expect(error.code).toBe('SOMON_CONFIG_INVALID')
    expect(faultCodes(error)).toEqual(['SOMON_CONFIG_VALUE', 'SOMON_CONFIG_NOT_AVAILABLE'])
  })
})
