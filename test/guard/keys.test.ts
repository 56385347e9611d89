import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Declarations } from '../../src/guard/declaration.ts'
import { GuardKeys } from '../../src/guard/keys.ts'
import type { Target } from '../../src/guard/target.ts'

const http = (origin: string, path = '/', method = 'GET'): Target => ({
  kind: 'http',
  ...{ origin, path, method },
})
const tcp = (address: string): Target => ({ kind: 'tcp', address })
const module = (packageName: string, version?: string): Target => ({
  kind: 'module',
  ...{ packageName, version },
})

function keys(declarations: Declarations, ...targets: Target[]): (string | undefined)[] {
  const found = new GuardKeys(declarations)
  return targets.map((target) => found.of(target).dependency)
}

describe('GuardKeys.of()', () => {
  test('names what nobody declares by what it is', () => {
    const found = keys(
      {},
      http('https://api.pay.example', '/a?b'),
      tcp('db:5432'),
      tcp('/run/db.sock'),
      module('lodash', '4.17.21'),
      module('own'),
    )

    expect(found).toEqual([
      'https://api.pay.example',
      'tcp://db:5432',
      'unix:/run/db.sock',
      'module:lodash@4.17.21',
      'module:own@unknown',
    ])
  })

  test('names one origin by the dependency that declares it', () => {
    const payments = { kind: 'http', match: ['HTTPS://API.pay.example:443/'] } as const

    const found = keys(
      { payments },
      http('https://api.pay.example', '/v1'),
      http('https://other.example'),
    )

    expect(found).toEqual(['payments', 'https://other.example'])
  })

  test('gives each of several origins a guard of its own', () => {
    const match = ['https://eu.pay.example', 'https://*.us.pay.example']

    const found = keys(
      { payments: { kind: 'http', match } },
      http('https://eu.pay.example'),
      http('https://a.us.pay.example'),
      http('https://a.b.us.pay.example'),
      http('http://a.us.pay.example'),
      http('https://a.us.pay.example:8443'),
    )

    expect(found).toEqual([
      'payments[https://eu.pay.example]',
      'payments[https://a.us.pay.example]',
      'payments[https://a.b.us.pay.example]',
      'http://a.us.pay.example',
      'https://a.us.pay.example:8443',
    ])
  })

  test('gives each declared route a guard, and one to all others', () => {
    const origin = 'https://api.pay.example'
    const routes = ['GET /v1/charges/:id', 'POST /v1/charges', 'GET /files/*']
    const payments = { kind: 'http', match: [origin], key: 'origin+route', routes } as const

    const found = keys(
      { payments },
      http(origin, '/v1/charges/ch_1?expand=all'),
      http(origin, '/v1/charges/ch_1/'),
      http(origin, '/v1/charges', 'POST'),
      http(origin, '/v1/charges/ch_1/refunds'),
      http(origin, '/files/a/b/c'),
      http(origin, '/v1/charges/', 'DELETE'),
    )

    expect(found).toEqual([
      'payments[GET /v1/charges/:id]',
      'payments[GET /v1/charges/:id]',
      'payments[POST /v1/charges]',
      'payments[*]',
      'payments[GET /files/*]',
      'payments[*]',
    ])
  })

  test('matches addresses and packages, also by pattern', () => {
    const found = keys(
      {
        db: { kind: 'tcp', match: ['DB.example:5432'] },
        shards: { kind: 'tcp', match: ['*.shard.example:6379'] },
        acme: { kind: 'module', match: ['@acme/*'] },
      },
      tcp('db.example:5432'),
      tcp('a.shard.example:6379'),
      tcp('a.shard.example:6380'),
      module('@acme/pay', '1.0.0'),
    )

    expect(found).toEqual([
      'db',
      'shards[a.shard.example:6379]',
      'tcp://a.shard.example:6380',
      'acme[@acme/pay]',
    ])
  })

  test('never lets a path become part of a key', () => {
    const origin = 'https://api.pay.example'
    const payments = { kind: 'http', match: [origin], key: 'origin+route', routes: ['GET /a/:b'] }
    const found = new GuardKeys({ payments: payments as never })

    fc.assert(
      fc.property(fc.webPath(), fc.constantFrom('GET', 'POST'), (path, method) => {
        const { dependency } = found.of(http(origin, path, method))

        expect(['payments[GET /a/:b]', 'payments[*]']).toContain(dependency)
      }),
    )
  })
})

describe('GuardKeys.functionsOf()', () => {
  test('gives the functions of a declared package and the guard of their calls', () => {
    const functions = ['charge']
    const found = new GuardKeys({
      payments: { kind: 'module', match: ['pay'], functions },
      mail: { kind: 'module', match: ['@mail/*'], functions, retry: { max: 2 } },
      plain: { kind: 'module', match: ['lodash'] },
    })

    expect(['pay', '@mail/smtp', 'lodash', 'other'].map((name) => found.functionsOf(name))).toEqual(
      [
        { dependency: 'payments', functions, idempotent: false },
        { dependency: 'mail[@mail/smtp]', functions, idempotent: true },
        ...[undefined, undefined],
      ],
    )
  })

  test('leaves the import of such a package a guard of its own', () => {
    const found = new GuardKeys({
      payments: { kind: 'module', match: ['pay'], functions: ['charge'] },
      plain: { kind: 'module', match: ['lodash'] },
    })

    expect(found.of(module('pay', '1.0.0'))).toEqual({
      ...{ dependency: 'module:pay@1.0.0', declared: 'payments' },
    })
    expect(found.of(module('lodash', '4.0.0'))).toEqual({ dependency: 'plain', declared: 'plain' })
  })
})

describe('GuardKeys.of(), however a declaration is written', () => {
  test('finds origins by patterns with a slash or a default port', () => {
    const found = new GuardKeys({
      a: { kind: 'http', match: ['https://*.a.example/'] },
      b: { kind: 'http', match: ['HTTPS://*.B.example:443'] },
      c: { kind: 'http', match: ['http://*.c.example:80/'] },
      d: { kind: 'http', match: ['http://*.d.example:443'] },
    })

    const declared = [
      ...['https://x.a.example', 'https://x.b.example', 'http://x.c.example'],
      ...['http://x.d.example:443', 'http://x.d.example'],
    ].map((origin) => found.of(http(origin)).declared)
    expect(declared).toEqual(['a', 'b', 'c', 'd', undefined])
  })

  test('finds addresses as dials name them', () => {
    const declarations = {
      db: { kind: 'tcp', match: ['DB.example.:5432'] },
      cache: { kind: 'tcp', match: ['[0:0:0:0:0:0:0:1]:6379'] },
      web: { kind: 'tcp', match: ['web:80'] },
    } as const

    expect(keys(declarations, tcp('db.example:5432'), tcp('[::1]:6379'), tcp('web:80'))).toEqual([
      'db',
      'cache',
      'web',
    ])
  })
})

describe('GuardKeys.ofDeclaredTcpAt()', () => {
  test('finds the addresses of a host, whatever their ports', () => {
    const found = new GuardKeys({
      db: { kind: 'tcp', match: ['db.example:5432'] },
      cache: { kind: 'tcp', match: ['DB.example:6379', '[::1]:6379'] },
    })

    const at = (host: string): string[] =>
      found.ofDeclaredTcpAt(host).map(({ dependency }) => dependency)

    expect(at('Db.Example')).toEqual(['db', 'cache[db.example:6379]'])
    expect(at('::1')).toEqual(['cache[[::1]:6379]'])
    expect(at('other')).toEqual([])
  })
})

describe('GuardKeys.ofDeclaredTcp()', () => {
  test('knows declared addresses only', () => {
    const found = new GuardKeys({ db: { kind: 'tcp', match: ['db:5432'] } })

    expect(found.ofDeclaredTcp('db:5432')).toEqual({ dependency: 'db', declared: 'db' })
    expect(found.ofDeclaredTcp('db:1')).toBeUndefined()
  })
})

describe('GuardKeys.declaredName()', () => {
  test('is that of the declaration where one guard of it has settings of its own', () => {
    const found = new GuardKeys({
      pay: { kind: 'http', match: ['https://a.example', 'https://b.example'] },
      'pay[https://a.example]': { timeoutMs: 5 },
      'own[1]': { kind: 'custom' },
      own: { timeoutMs: 5 },
      'alone[2]': { timeoutMs: 5 },
    })

    const names = ['pay[https://a.example]', 'own[1]', 'alone[2]', 'other[3]']
    expect(names.map((name) => found.declaredName(name))).toEqual([
      ...['pay', 'own[1]', 'alone[2]'],
      undefined,
    ])
    expect(found.kindOf('pay[https://a.example]')).toBe('http')
  })
})

describe('GuardKeys.kindOf()', () => {
  test('tells it from the declaration, or from how a name begins', () => {
    const found = new GuardKeys({ db: { kind: 'tcp', match: ['db:1'] }, own: { timeoutMs: 5 } })

    const names = [
      'db',
      'https://a.example',
      'http+unix:///s',
      'tcp://a:1',
      'unix:/s',
      'module:a@1',
    ]
    expect(names.map((name) => found.kindOf(name))).toEqual([
      ...['tcp', 'http', 'http', 'tcp', 'tcp', 'module'],
    ])
    expect([found.kindOf('own'), found.kindOf('payments')]).toEqual(['custom', 'custom'])
  })
})

describe('GuardKeys.declaredName()', () => {
  test('finds the declaration of a guard by its name', () => {
    const found = new GuardKeys({ payments: { kind: 'custom' }, 'odd[1]': { timeoutMs: 5 } })

    const names = ['payments', 'payments[https://a.example]', 'odd[1]', 'other[x]', '[x]', 'pay']
    expect(names.map((name) => found.declaredName(name))).toEqual([
      'payments',
      'payments',
      'odd[1]',
      ...[undefined, undefined, undefined],
    ])
  })

  test('finds it for addresses and routes with brackets of their own', () => {
    const found = new GuardKeys({
      pay: { kind: 'http', match: ['http://[::1]:*'] },
      db: { kind: 'tcp', match: ['[::1]:1', '[::1]:2'] },
      'odd[1]': { kind: 'tcp', match: ['[::1]:3', '[::1]:4'] },
    })
    const targets = [http('http://[::1]:3000'), tcp('[::1]:2'), tcp('[::1]:4')]

    const dependencies = targets.map((target) => found.of(target).dependency)

    expect(dependencies).toEqual([...['pay[http://[::1]:3000]', 'db[[::1]:2]', 'odd[1][[::1]:4]']])
    expect(dependencies.map((name) => found.declaredName(name))).toEqual(['pay', 'db', 'odd[1]'])
  })
})
