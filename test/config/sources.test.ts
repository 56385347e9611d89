import { resolve } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import type { SettingsInput } from '../../src/config/input.ts'
import { printText } from '../../src/config/parse.ts'
import { settingsTable } from '../../src/config/schema.ts'
import type { SchemaRow } from '../../src/config/setting-spec.ts'
import type { Profile } from '../../src/config/setting-row.ts'
import type { SettingSources } from '../../src/config/sources.ts'
import { environment, errorOf, faultCodes, fileOf, settingsOf } from '../support/config-scene.ts'

function at(settings: object, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], settings)
}

function nested(path: string, value: unknown): Record<string, unknown> {
  return path.split('.').reduceRight<unknown>((inner, key) => ({ [key]: inner }), value) as Record<
    string,
    unknown
  >
}

/** A value of a row that is not its default, by kind. */
const OTHER: Readonly<Record<SchemaRow['kind'], unknown>> = {
  text: 'node22',
  path: resolve('/other'),
  secret: 's'.repeat(40),
  choice: undefined,
  boolean: undefined,
  'boolean-or-choice': 'inline',
  integer: 7,
  number: 0.7,
  duration: 7_777,
  bytes: 2 ** 27,
  list: ['one', 'two'],
  map: { a: 'b', c: 'd' },
  'open-map': undefined,
}

/** Those that one value is for; the members of open maps have a test of their own. */
const plainRows = settingsTable.filter((row) => row.kind !== 'open-map')

function otherValue(row: SchemaRow): unknown {
  if (row.path === 'guard.breaker.open.factor') return 1.5
  if (row.kind === 'boolean') return row.defaultFor('library', environment()) !== true
  if (row.kind !== 'choice') return OTHER[row.kind]
  return row.choices.findLast((word) => word !== row.defaultFor('library', environment()))
}

function plain(value: unknown): unknown {
  return value instanceof Secret ? value.reveal() : value
}

describe('resolveSettings()', () => {
  test('returns a complete, deeply frozen object of defaults', () => {
    const settings = settingsOf()

    expect(settings).toEqual({
      root: resolve('/work'),
      plugins: [],
      loading: {
        externals: [],
        externalPolicy: 'any',
        inline: [],
        packages: 'external',
        allowedSources: ['*'],
        conditions: [],
        alias: {},
        tsconfig: null,
        sourceMaps: 'lazy',
        ledger: 'dispose',
        watch: false,
        watchDebounceMs: 25,
        watchPollMs: 0,
        maxConcurrentBuilds: 4,
        maxQueued: 10_000,
        timeoutMs: 30_000,
        evaluateTimeoutMs: 10_000,
        verifyTimeoutMs: 5_000,
        drainTimeoutMs: 10_000,
        hookTimeoutMs: 30_000,
        leakWarnMs: 60_000,
      },
      bundle: {
        outdir: resolve('/work/dist'),
        format: 'esm',
        target: 'node24',
        minify: false,
        sourcemap: false,
        splitting: false,
        define: {},
        serviceMaxRssBytes: 512 * 2 ** 20,
        hotContexts: 4,
      },
      cache: {
        maxEntries: 1000,
        maxBytes: 104_857_600,
        ttlMs: 0,
        secret: null,
        disk: {
          mode: 'readwrite',
          maxBytes: 2 ** 31,
          maxAgeMs: 30 * 86_400e3,
          validate: 'stat',
          dir: null,
        },
      },
      guard: {
        enabled: true,
        breaker: {
          consecutive: 5,
          failureRate: 0.5,
          minCalls: 20,
          slowCallMs: 0,
          slowRate: 0.8,
          windowMs: 10_000,
          buckets: 10,
          recoveryMs: 30_000,
          open: { baseMs: 5_000, factor: 2, jitter: 0.2 },
          halfOpen: { probes: 3, successes: 2, maxMs: 5_000 },
        },
        timeoutMs: 10_000,
        bodyIdleMs: 30_000,
        abandonMs: 5_000,
        bulkhead: { mode: 'fixed', max: 64, queue: 128, queueTimeoutMs: 500 },
        rate: { perSecond: 0, burst: 0, waitMs: 0 },
        retry: { max: 0, budget: 0.2, minPerSecond: 1 },
        undeclared: 'guard',
        bypass: 'guard',
        maxGuards: 1_000,
        dependencies: {},
      },
      log: { level: 'info' },
    })
    const parts = [
      settings,
      settings.loading,
      settings.guard.dependencies,
      settings.cache.disk,
      settings.loading.alias,
    ]
    expect([...parts, settings.plugins].every((part) => Object.isFrozen(part))).toBe(true)
  })

  test.for<[Profile, unknown[]]>([
    ['library', ['external', 'dispose', false]],
    ['bundle', ['bundle', 'dispose', false]],
    ['run', ['external', 'off', false]],
    ['watch', ['external', 'dispose', true]],
  ])('has the defaults of the profile %s', ([profile, expected]) => {
    const { packages, ledger, watch } = settingsOf({ profile }).loading

    expect([packages, ledger, watch]).toEqual(expected)
  })

  test.for(plainRows.map((row) => [row.path, row] as const))(
    'takes %s from every source',
    ([path, row]) => {
      const value = otherValue(row)
      const text = printText(row.kind, value)
      const read = (sources: Partial<SettingSources>): unknown =>
        plain(at(settingsOf(sources), path))

      const found = [
        read({ options: nested(path, value) }),
        read({ file: fileOf(nested(path, value)) }),
        read({ flags: { [path]: text } }),
        ...row.env.map((name) => read({ env: environment({ [name]: text }) })),
        ...row.aliases.map((alias) => read({ file: fileOf(nested(alias, value)) })),
        read({ dotEnv: { file: '.env', variables: { [row.env[0] ?? '']: text } } }),
      ]

      expect(value).not.toEqual(row.defaultFor('library', environment()))
      expect(found).toEqual(found.map(() => value))
    },
  )

  test('lets the strongest source win, whatever the others say', () => {
    const rows = settingsTable.filter((row) => row.kind === 'integer')
    const source = fc.constantFrom('file', 'dotEnv', 'env', 'flags', 'options')
    const layers = fc.uniqueArray(fc.tuple(source, fc.integer({ min: 1, max: 60 })), {
      selector: ([name]) => name,
    })
    fc.assert(
      fc.property(fc.constantFrom(...rows), layers, (row, given) => {
        const values = new Map(given)
        const [variable = ''] = row.env
        const numbers = (name: string): number | undefined => values.get(name as never)
        const sources: Partial<SettingSources> = {
          file: values.has('file') ? fileOf(nested(row.path, numbers('file'))) : undefined,
          dotEnv: values.has('dotEnv')
            ? { file: '.env', variables: { [variable]: String(numbers('dotEnv')) } }
            : undefined,
          env: environment(values.has('env') ? { [variable]: String(numbers('env')) } : {}),
          flags: values.has('flags') ? { [row.path]: String(numbers('flags')) } : undefined,
          options: values.has('options') ? nested(row.path, numbers('options')) : undefined,
        }

        const value = at(settingsOf(sources), row.path)

        const order = ['options', 'flags', 'env', 'dotEnv', 'file'] as const
        const winner = order.find((name) => values.has(name))
        const fallback = row.defaultFor('library', environment())
        expect(value).toBe(winner === undefined ? fallback : values.get(winner))
      }),
    )
  })

  test('reads sizes and durations in words', () => {
    const { cache, loading } = settingsOf({
      options: { maxCacheMemory: '1.5MiB', loading: { timeoutMs: '2m' } },
      env: environment({ SOMON_CACHE_DISK_MAX_AGE_MS: '7d' }),
    })

    expect([cache.maxBytes, loading.timeoutMs, cache.disk.maxAgeMs]).toEqual([
      1.5 * 2 ** 20,
      120_000,
      7 * 86_400e3,
    ])
  })

  test('takes relative paths from where they are written', () => {
    const file = fileOf({ cache: { disk: { dir: 'of-file' } } })

    const found = [
      settingsOf({ file }).cache.disk.dir,
      settingsOf({ env: environment({ SOMON_CACHE_DIR: 'of-env' }) }).cache.disk.dir,
      settingsOf({ flags: { 'cache.disk.dir': 'of-flag' } }).cache.disk.dir,
      settingsOf({ options: { root: 'sub', cache: { disk: { dir: 'of-option' } } } }).cache.disk
        .dir,
    ]

    expect(found).toEqual(
      ['/work/of-file', '/work/here/of-env', '/work/here/of-flag', '/work/here/sub/of-option'].map(
        (path) => resolve(path),
      ),
    )
  })

  test('ignores options that are undefined', () => {
    expect(settingsOf({ options: { maxCacheSize: undefined, cache: undefined } })).toEqual(
      settingsOf(),
    )
  })

  test('keeps plugin objects as they are, not frozen', () => {
    const plugin = { name: 'mine', state: 0 }
    const options: SettingsInput = { plugins: [plugin, 'named', ['with', { a: 1 }]] }

    const { plugins } = settingsOf({ options })

    expect(plugins[0]).toBe(plugin)
    expect(Object.isFrozen(plugin)).toBe(false)
    expect(plugins.slice(1)).toEqual(['named', ['with', { a: 1 }]])
  })

  test('reads snake_case keys of a file as camelCase', () => {
    const file = fileOf({ cache: { max_entries: 5, disk: { max_age_ms: '1h' } } })

    const { cache } = settingsOf({ file })

    expect([cache.maxEntries, cache.disk.maxAgeMs]).toEqual([5, 3_600_000])
  })

  test('hides a secret and reads it from a file', () => {
    const env = environment({ SOMON_CACHE_SECRET_FILE: '/key' }, { '/key': 'k'.repeat(32) })

    const { secret } = settingsOf({ env }).cache

    expect(secret?.reveal()).toBe('k'.repeat(32))
    expect(JSON.stringify({ secret })).toBe('{"secret":"***"}')
  })
})

describe('resolveSettings() refuses', () => {
  // The prefix that all variables share made "SOMON_ROOT" near.
  test('suggests no variable for one that resembles none', () => {
    const error = errorOf(() => settingsOf({ env: environment({ SOMON_FOO: '1' }) }))

    expect(error.errors?.map(({ data }) => data.nearest) ?? [error.data.nearest]).toEqual([null])
  })

  test('everything wrong at once, in one error', () => {
    const error = errorOf(() =>
      settingsOf({
        options: { cache: { maxEntry: 3 }, loading: { packages: 'all' } } as never,
        file: fileOf({ bundle: { minify: 'yes' }, chache: {} }),
        env: environment({ SOMON_CACHE_SIZE: '', SOMON_CACHE_SISE: '4' }),
        flags: { 'loading.watch': 'maybe' },
      }),
    )

    expect(error.code).toBe('SOMON_CONFIG_INVALID')
    expect(faultCodes(error)).toEqual([
      'SOMON_CONFIG_VALUE',
      'SOMON_CONFIG_UNKNOWN_KEY',
      'SOMON_CONFIG_VALUE',
      'SOMON_CONFIG_UNKNOWN_VARIABLE',
      'SOMON_CONFIG_VALUE',
      'SOMON_CONFIG_UNKNOWN_KEY',
      'SOMON_CONFIG_VALUE',
    ])
    const nearest = error.errors?.map((fault) => fault.data.nearest).filter(Boolean)
    expect(nearest).toEqual(['cache', 'SOMON_CACHE_SIZE', 'cache.maxEntries'])
  })

  test('a value that a stronger source would hide', () => {
    const env = environment({ SOMON_CACHE_SIZE: 'many' })

    const error = errorOf(() => settingsOf({ env, options: { maxCacheSize: 3 } }))

    expect(faultCodes(error)).toEqual(['SOMON_CONFIG_VALUE'])
  })

  test('a value by naming setting, value, source and what is expected', () => {
    const env = environment({ SOMON_CACHE_MAX_BYTES: '12x' })

    const error = errorOf(() => settingsOf({ env }))

    expect(error.errors?.[0]?.message).toBe(
      'Cannot use cache.maxBytes "12x" from SOMON_CACHE_MAX_BYTES: ' +
        'expected a byte size such as "512MiB"',
    )
    expect(error.message).toContain('from SOMON_CACHE_MAX_BYTES')
  })

  test.for<[string, string[]]>([
    ['cache.maxEntries', ['', '1.5', '1e3', '0x10', '-1', ' 5', 'NaN', '99999999999']],
    ['cache.maxBytes', ['', '-1', '10 pounds', 'MiB']],
    ['loading.timeoutMs', ['', '-5', '3 weeks', '99d']],
    ['loading.watch', ['', 'ja', '2']],
    ['log.level', ['', 'loud', 'INFO']],
    ['loading.externals', ['a,,b', ',']],
    ['loading.alias', ['a', '=b']],
    ['cache.secret', ['', 'short']],
    ['loading.tsconfig', ['']],
  ])('texts that are no value of %s', ([path, texts]) => {
    const codes = texts.map((text) => {
      return faultCodes(errorOf(() => settingsOf({ flags: { [path]: text } })))
    })

    expect(codes).toEqual(texts.map(() => ['SOMON_CONFIG_VALUE']))
  })

  test('values of another type in options, without guessing', () => {
    const options: unknown[] = [
      { maxCacheSize: '10' },
      { loading: { watch: 'true' } },
      { loading: { watch: 1 } },
      { loading: { externals: 'one' } },
      { cache: { disk: { mode: null } } },
      { plugins: [3] },
      { cache: 5 },
      { bundle: { define: { A: 1 } } },
    ]

    const codes = options.map((option) =>
      faultCodes(errorOf(() => settingsOf({ options: option as SettingsInput }))),
    )

    expect(codes).toEqual(options.map(() => ['SOMON_CONFIG_VALUE']))
  })

  test('one setting under two spellings, unless both say the same', () => {
    const duplicates: Record<string, unknown>[] = [
      { cache: { maxEntries: 1, max_entries: 1 } },
      { maxCacheSize: 1, cache: { maxEntries: 2 } },
    ]

    const codes = duplicates.map((values) =>
      faultCodes(errorOf(() => settingsOf({ file: fileOf(values) }))),
    )

    expect(codes).toEqual([['SOMON_CONFIG_DUPLICATE'], ['SOMON_CONFIG_DUPLICATE']])
    const env = environment({ SOMON_CACHE_SIZE: '1', SOMON_CACHE_MAX_ENTRIES: '2' })
    expect(faultCodes(errorOf(() => settingsOf({ env })))).toEqual(['SOMON_CONFIG_DUPLICATE'])
    const same = { maxCacheSize: 2, cache: { maxEntries: 2 } }
    expect(settingsOf({ options: same }).cache.maxEntries).toBe(2)
  })

  test('a secret in a file that is missing, or given twice, and never prints one', () => {
    const env = environment(
      { SOMON_CACHE_SECRET: 'x'.repeat(40), SOMON_CACHE_SECRET_FILE: '/key' },
      { '/key': 'k'.repeat(32) },
    )
    const missing = environment({ SOMON_CACHE_SECRET_FILE: '/nowhere' })
    const short = environment({ SOMON_CACHE_SECRET: 'hunter2' })

    const errors = [env, missing, short].map((each) => errorOf(() => settingsOf({ env: each })))

    expect(errors.map(faultCodes)).toEqual([
      ['SOMON_CONFIG_SECRET_FILE'],
      ['SOMON_CONFIG_SECRET_FILE'],
      ['SOMON_CONFIG_VALUE'],
    ])
    expect(JSON.stringify(errors)).not.toContain('hunter2')
  })

  test('nothing of tests and of Kubernetes service links', () => {
    const env = environment({
      SOMON_TEST_REQUIRE: 'redis',
      SOMON_MANAGEMENT_PORT: 'tcp://10.0.0.7:8080',
      SOMON_MODULE_SYSTEM_SERVICE_HOST: '10.0.0.7',
      SOMON_MODULE_SYSTEM_SERVICE_PORT: '8080',
      SOMON_MODULE_SYSTEM_PORT_8080_TCP_ADDR: '10.0.0.7',
      PATH: '/bin',
    })

    expect(settingsOf({ env })).toEqual(settingsOf())
  })
})
