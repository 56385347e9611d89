import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import type { SomonError } from '../../src/base/error.ts'
import type { SettingsInput } from '../../src/config/input.ts'
import { ModuleSystem } from '../../src/system/module-system.ts'
import { errorOf } from '../support/config-scene.ts'
import { createFixture } from '../support/fixture.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('new ModuleSystem()', () => {
  test('names every option of a later version at once', () => {
    const error = errorOf(
      () =>
        new ModuleSystem({
          metrics: true,
          logger: true,
          managementServer: true,
          managementPort: 8080,
          loading: { externals: ['lodash', 'axios'] },
        }),
    )

    expect(error.code).toBe('SOMON_CONFIG_NOT_AVAILABLE')
    for (const name of LATER) expect(error.message).toContain(name)
    expect(error.data.settings).toHaveLength(LATER.length)
  })

  test('accepts them when they switch off what is off already', () => {
    const { settings } = new ModuleSystem({
      metrics: false,
      logger: false,
      managementServer: false,
      circuitBreakers: false,
      loading: { externals: ['lodash', 'axios'] },
    })

    expect(settings.loading.externals).toEqual(['lodash', 'axios'])
  })

  test('refuses loading.maxRetired, which nothing acts on yet', () => {
    const options = { loading: { maxRetired: 4 } } as SettingsInput

    expect(errorOf(() => new ModuleSystem(options)).code).toBe('SOMON_CONFIG_NOT_AVAILABLE')
  })

  test('bounds memory by maxCacheSize and by maxCacheMemory', async () => {
    expect(await residentsOf({ maxCacheSize: 1 })).toBe(1)
    expect(await residentsOf({ maxCacheMemory: 1 })).toBe(0)
    expect(await residentsOf({})).toBe(2)
  })

  test.for([
    ['SOMON_CACHE_SIZE', '1', 1],
    ['SOMON_CACHE_MEMORY_LIMIT', '1', 0],
    ['SOMON_CACHE_MEMORY_LIMIT', '64MiB', 2],
  ] as const)('obeys %s=%s', async ([name, value, residents]) => {
    vi.stubEnv(name, value)

    expect(await residentsOf({})).toBe(residents)
  })

  test('puts the disk cache where SOMON_CACHE_DIR says', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const value = 1' })
    vi.stubEnv('SOMON_CACHE_DIR', fixture.path('elsewhere'))
    await using system = new ModuleSystem({ root: fixture.root })

    await system.compile('./a.ts')
    await system.shutdown()

    expect(existsSync(fixture.path('elsewhere'))).toBe(true)
  })

  test('takes SOMON_LOG_LEVEL for log.level', () => {
    vi.stubEnv('SOMON_LOG_LEVEL', 'warn')

    expect(new ModuleSystem().settings.log.level).toBe('warn')
  })

  test.for([
    ['SOMON_CIRCUIT_BREAKER_FAILURE_THRESHOLD', '7', 7],
    ['SOMON_CIRCUIT_BREAKER_TIMEOUT', '45000', 45_000],
    ['SOMON_CIRCUIT_BREAKER_RETRY_DELAY', '3000', 3000],
  ] as const)('takes %s for the breaker', ([name, value, expected]) => {
    vi.stubEnv(name, value)

    const { consecutive, recoveryMs, open } = new ModuleSystem().settings.guard.breaker
    expect([consecutive, recoveryMs, open.baseMs]).toContain(expected)
  })

  test.for([
    ['SOMON_MANAGEMENT_PORT', '8080', 'SOMON_CONFIG_NOT_AVAILABLE'],
    ['SOMON_CIRCUIT_BREAKER_RESET_TIMEOUT', '1000', 'SOMON_CONFIG_INVALID'],
    ['SOMON_LOADING_MAX_RETIRED', '4', 'SOMON_CONFIG_NOT_AVAILABLE'],
    ['SOMON_LOG_LEVEL', 'loud', 'SOMON_CONFIG_INVALID'],
    ['SOMON_CACHE_SIZ', '5', 'SOMON_CONFIG_INVALID'],
  ] as const)('refuses %s=%s by name', ([name, value, code]) => {
    vi.stubEnv(name, value)

    const error: SomonError = errorOf(() => new ModuleSystem())

    expect(error.code).toBe(code)
    expect(error.message).toContain(name)
    expect(error.fix).not.toBe('')
  })

  /**
   * The permission model refuses every read that is not allowed, and every child, worker and
   * addon. Afterwards the process holds what it held before.
   */
  test('reads no file and starts nothing', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const value = 1' })
    const code = `
      import { ModuleSystem } from ${JSON.stringify(join(SRC, 'index.ts'))}
      const held = () => process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap')
      const before = held()
      const fs = process.getBuiltinModule('node:fs')
      const calls = []
      for (const [name, value] of Object.entries(fs)) {
        if (typeof value !== 'function' || /^[A-Z_]/.test(name)) continue
        fs[name] = (...rest) => { calls.push(name); return value(...rest) }
      }
      process.getBuiltinModule('node:module').syncBuiltinESMExports()
      const system = new ModuleSystem({ root: ${JSON.stringify(fixture.root)}, loading: { watch: true } })
      console.log(JSON.stringify({ calls, started: held().slice(before.length), frozen: Object.isFrozen(system.settings.loading) }))
    `
    const allowed = ['src', 'node_modules', 'package.json'].map(
      (name) => `--allow-fs-read=${join(SRC, '..', name)}`,
    )
    const flags = ['--permission', ...allowed, '--conditions=somon-source', '--input-type=module']

    const child = spawnSync(process.execPath, [...flags, '-e', code], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    })

    expect(child.stderr).toBe('')
    expect(JSON.parse(child.stdout)).toEqual({ calls: [], started: [], frozen: true })
  })
})

const SRC = join(import.meta.dirname, '../../src')
const LATER = ['metrics', 'logger', 'managementServer', 'managementPort']

/** How many of two artifacts memory keeps. */
async function residentsOf(options: SettingsInput): Promise<number> {
  await using fixture = await createFixture({
    'a.ts': 'export const value = 1',
    'b.ts': 'export const value = 2',
  })
  const cache = { disk: { mode: 'off' } } as const
  await using system = new ModuleSystem({ root: fixture.root, cache, ...options })
  await system.compile('./a.ts')
  await system.compile('./b.ts')
  return system.stats().cache.entries
}
