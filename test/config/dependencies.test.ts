import { describe, expect, test } from 'vitest'
import type { SomonError } from '../../src/base/error.ts'
import { readConfigFile } from '../../src/config/file.ts'
import { explainSetting } from '../../src/config/explain.ts'
import { environment, errorOf, faultCodes, fileOf, settingsOf } from '../support/config-scene.ts'
import { createFixture } from '../support/fixture.ts'

describe('guard.dependencies', () => {
  test('takes what each source says of one dependency, the strongest last', () => {
    const settings = settingsOf({
      file: fileOf({
        guard: { dependencies: { payments: { kind: 'http', timeoutMs: '2s', retry: { max: 2 } } } },
      }),
      dotEnv: { file: '.env', variables: { [`${PREFIX}PAYMENTS__RETRY__BUDGET`]: '0.5' } },
      env: environment({ [`${PREFIX}PAYMENTS__TIMEOUT_MS`]: '3s' }),
      options: { guard: { dependencies: { payments: { breaker: { open: { baseMs: 7 } } } } } },
    })

    expect(settings.guard.dependencies).toEqual({
      payments: {
        kind: 'http',
        timeoutMs: 3000,
        retry: { max: 2, budget: 0.5 },
        breaker: { open: { baseMs: 7 } },
      },
    })
  })

  test('takes names as they are written, whatever signs they have', () => {
    const names = ['https://api.pay.example', 'orders:tcp://db:5432', 'snake_case', 'constructor']
    const dependencies = Object.fromEntries(names.map((name) => [name, { timeoutMs: 5 }]))

    const { guard } = settingsOf({ options: { guard: { dependencies } } })

    expect(Object.keys(guard.dependencies)).toEqual(names)
  })

  test('is meant by a variable without case and signs', () => {
    const { guard } = settingsOf({
      file: fileOf({ guard: { dependencies: { 'Pay-Ments.eu': { kind: 'http' } } } }),
      env: environment({
        [`${PREFIX}PAY_MENTS_EU__BREAKER__HALF_OPEN__PROBES`]: '4',
        [`${PREFIX}OTHER__MATCH`]: 'https://a.example,https://b.example',
      }),
    })

    expect(guard.dependencies).toEqual({
      'Pay-Ments.eu': { kind: 'http', breaker: { halfOpen: { probes: 4 } } },
      other: { match: ['https://a.example', 'https://b.example'] },
    })
  })

  test('is frozen to its last member', () => {
    const { guard } = settingsOf({
      options: { guard: { dependencies: { db: { breaker: { open: { baseMs: 7 } } } } } },
    })

    const { db } = guard.dependencies
    const parts = [guard.dependencies, db, db?.breaker, db?.breaker?.open]
    expect(parts.map((part) => Object.isFrozen(part))).toEqual([true, true, true, true])
  })

  test('refuses unknown members and wrong values together, with their place', async () => {
    await using fixture = await createFixture({
      'somon.toml':
        '[guard.dependencies.payments]\ntimeout_ms = "soon"\nbreaker = { consecutve = 5 }\nmatch = "x"\n',
    })
    const file = await readConfigFile(fixture.root)

    const error = errorOf(() => settingsOf({ file }))

    expect(faultCodes(error)).toEqual([
      'SOMON_CONFIG_VALUE',
      'SOMON_CONFIG_UNKNOWN_KEY',
      'SOMON_CONFIG_VALUE',
    ])
    expect(error.errors?.[0]?.message).toContain('guard.dependencies.payments.timeoutMs "soon"')
    expect(error.errors?.[0]?.location).toMatchObject({ file: 'somon.toml', line: 2 })
    expect(error.errors?.[1]?.data.nearest).toBe('breaker.consecutive')
  })

  test.for(['', 'reset', '__proto__', 'a\nb'])('refuses the name %j', (name) => {
    const values = JSON.parse(
      `{"guard":{"dependencies":{${JSON.stringify(name)}:{"timeoutMs":5}}}}`,
    ) as object

    const error = errorOf(() => settingsOf({ options: values }))

    expect(faultCodes(error)).toEqual(['SOMON_CONFIG_UNKNOWN_KEY'])
    expect(({} as { timeoutMs?: unknown }).timeoutMs).toBeUndefined()
  })

  test.for([5, [], 'x', null])('refuses %o in the place of a dependency', (value) => {
    const error = errorOf(() =>
      settingsOf({ options: { guard: { dependencies: { db: value as never } } } }),
    )

    expect(faultCodes(error)).toEqual(['SOMON_CONFIG_VALUE'])
  })

  test('refuses a variable that names a declared dependency wrongly', () => {
    const dependencies = {
      payments: { kind: 'http', match: ['http://a.example'] },
      db1: { kind: 'tcp', match: ['db:1'] },
    } as const
    const faultsOf = (variables: Record<string, string>): readonly unknown[] => {
      const env = environment(variables)
      try {
        settingsOf({ env, options: { guard: { dependencies } } })
      } catch (error) {
        return (error as SomonError).errors?.map(({ data }) => data.nearest) ?? []
      }
      return []
    }

    expect([
      faultsOf({ [`${PREFIX}PAYMENST__TIMEOUT_MS`]: '2s' }),
      faultsOf({ [`${PREFIX}PAYMENTS__TIMEOUT_MS`]: '2s' }),
      faultsOf({ [`${PREFIX}DB2__TIMEOUT_MS`]: '2s', [`${PREFIX}STOCK__TIMEOUT_MS`]: '2s' }),
      faultsOf({ [`${PREFIX}PAYMENT__TIMEOUT_MS`]: '2s', [`${PREFIX}PAYMENT__KIND`]: 'custom' }),
    ]).toEqual([[`${PREFIX}PAYMENTS__TIMEOUT_MS`], [], [], []])
  })

  test('refuses a variable of a setting that no dependency has', () => {
    const error = errorOf(() => settingsOf({ env: environment({ [`${PREFIX}DB__SPEED`]: '1' }) }))

    expect(faultCodes(error)).toEqual(['SOMON_CONFIG_UNKNOWN_VARIABLE'])
  })

  test('is explained member by member', () => {
    const env = environment({ [`${PREFIX}DB__TIMEOUT_MS`]: '3s' })

    const explanation = explainSetting('guard.dependencies.db.timeoutMs', {
      ...{ profile: 'library', env },
      options: { guard: { dependencies: { db: { timeoutMs: 5 } } } },
    })

    expect(explanation).toMatchObject({
      value: '5',
      source: 'option',
      env: [`${PREFIX}DB__TIMEOUT_MS`],
    })
    expect(explanation.layers.map(({ source }) => source)).toEqual(['default', 'env', 'option'])
  })
})

const PREFIX = 'SOMON_GUARD__DEPENDENCIES__'
