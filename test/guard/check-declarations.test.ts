import { describe, expect, test } from 'vitest'
import { checkDeclarations } from '../../src/guard/check-declarations.ts'
import type { Declaration, Declarations, DependencyKind } from '../../src/guard/declaration.ts'
import type { GuardSettings } from '../../src/guard/settings.ts'
import { guardSettings } from './support/settings.ts'

const ORIGIN = 'https://api.pay.example'

function faults(declarations: Declarations, base: GuardSettings = guardSettings()): unknown[] {
  return checkDeclarations(base, declarations).map(
    ({ data }) => `${String(data.dependency)} ${String(data.setting)}`,
  )
}

describe('checkDeclarations()', () => {
  test.for<[string, Declaration]>([
    ['an origin', { kind: 'http', match: [ORIGIN, 'https://*.pay.example'], retry: { max: 1 } }],
    ['routes', { kind: 'http', match: [ORIGIN], key: 'origin+route', routes: ['GET /a/:b'] }],
    ['a probe', { kind: 'http', match: [ORIGIN], probe: { path: '/health' } }],
    ['addresses', { kind: 'tcp', match: ['db:5432', '[::1]:6379', '/run/db.sock'] }],
    ['packages', { kind: 'module', match: ['lodash', '@acme/pay'], timeoutMs: 5 }],
    [
      'functions',
      { kind: 'module', match: ['pay'], functions: ['charge'], rate: { perSecond: 1 } },
    ],
    ['a name only', { kind: 'custom', bulkhead: { max: 1 } }],
    ['an id', { timeoutMs: 5, mode: 'isolated' }],
  ])('accepts %s', ([, declaration]) => {
    expect(faults({ payments: declaration })).toEqual([])
  })

  test.for<[string, Declaration, string]>([
    ['a match without a kind', { match: [ORIGIN] }, 'match'],
    ['a probe without a kind', { probe: { path: '/' } }, 'probe'],
    ['a kind without a match', { kind: 'http' }, 'match'],
    ['an empty match', { kind: 'tcp', match: [] }, 'match'],
    ['a path in an origin', { kind: 'http', match: [`${ORIGIN}/v1`] }, 'match'],
    ['another scheme', { kind: 'http', match: ['ftp://a.example'] }, 'match'],
    ['credentials', { kind: 'http', match: ['https://a:b@c.example'] }, 'match'],
    ['an address without a port', { kind: 'tcp', match: ['db'] }, 'match'],
    ['a port that is none', { kind: 'tcp', match: ['db:65536'] }, 'match'],
    ['a port that nobody listens to', { kind: 'tcp', match: ['db:0'] }, 'match'],
    ['a limit below the lowest', { bulkhead: { mode: 'gradient2', max: 3 } }, 'bulkhead.max'],
    [
      'a probe at another host',
      { kind: 'http', match: [ORIGIN], probe: { path: '@b/' } },
      'probe.path',
    ],
    [
      'a rate of an import without functions',
      { kind: 'module', match: ['a'], functions: [], rate: { perSecond: 1 } },
      'rate',
    ],
    ['a path as a package', { kind: 'module', match: ['./own.js'] }, 'match'],
    ['a match of a custom one', { kind: 'custom', match: ['x'] }, 'match'],
    ['retries of a connection', { kind: 'tcp', match: ['db:1'], retry: { max: 1 } }, 'retry'],
    ['a queue of a connection', { kind: 'tcp', match: ['db:1'], bulkhead: { max: 1 } }, 'bulkhead'],
    ['a rate of an import', { kind: 'module', match: ['a'], rate: { perSecond: 1 } }, 'rate'],
    ['functions of an origin', { kind: 'http', match: [ORIGIN], functions: ['a'] }, 'functions'],
    ['routes without the key', { kind: 'http', match: [ORIGIN], routes: ['GET /a'] }, 'routes'],
    ['the key without routes', { kind: 'http', match: [ORIGIN], key: 'origin+route' }, 'key'],
    [
      'a route without a method',
      { kind: 'http', match: [ORIGIN], key: 'origin+route', routes: ['/a'] },
      'routes',
    ],
    [
      'slow calls that are cut off before',
      { timeoutMs: 100, breaker: { slowCallMs: 100 } },
      'breaker.slowCallMs',
    ],
    ['more parts than ms', { breaker: { windowMs: 100, buckets: 101 } }, 'breaker.buckets'],
    ['a burst without a rate', { rate: { burst: 5 } }, 'rate.burst'],
    ['a wait without a rate', { rate: { waitMs: 5 } }, 'rate.waitMs'],
  ])('refuses %s', ([, declaration, setting]) => {
    expect(faults({ payments: declaration })).toEqual([`payments ${setting}`])
  })

  test.for<[DependencyKind, string, string]>([
    ['http', 'https://api.pay.example:443', 'https://API.pay.example'],
    ['http', 'https://*.pay.example/', 'https://*.PAY.example:443'],
    ['tcp', 'DB.example.:5432', 'db.example:5432'],
    ['tcp', '[0:0:0:0:0:0:0:1]:1', '[::1]:1'],
  ])('refuses one %s target in two dependencies, however it is written', ([kind, a, b]) => {
    const one = { kind, match: [a] }
    const two = { kind, match: [b] }

    expect(faults({ one, two })).toEqual(['two match'])
  })

  test.for<[string, Declaration, readonly string[]]>([
    ['src/u.ts:db', { retry: { max: 1 } }, ['src/u.ts:db retry']],
    ['main:db', { bulkhead: { max: 1 }, timeoutMs: 5 }, ['main:db bulkhead']],
    ['db[db:2]', { bodyIdleMs: 5 }, ['db[db:2] bodyIdleMs']],
    ['u.ts:db[db:2]', { rate: { perSecond: 1 } }, ['u.ts:db[db:2] rate']],
    ['u.ts:db', { timeoutMs: 5, mode: 'isolated' }, []],
    ['u.ts:pay', { retry: { max: 1 } }, []],
    ['tenant:db', { retry: { max: 1 } }, []],
    ['payments', { retry: { max: 1 } }, []],
  ])('holds settings of %s to the kind of its dependency', ([name, declaration, expected]) => {
    const declared: Declarations = {
      db: { kind: 'tcp', match: ['db:1', 'db:2'] },
      pay: { kind: 'module', match: ['pay'], functions: ['charge'] },
    }

    expect(faults({ ...declared, [name]: declaration })).toEqual(expected)
  })

  test('says once what is wrong with the settings of all', () => {
    const base = guardSettings({}, { rate: { perSecond: 0, burst: 5, waitMs: 0 } })

    expect(faults({ one: { timeoutMs: 5 }, two: { timeoutMs: 6 } }, base)).toEqual(['* rate.burst'])
  })

  test('finds every fault, and each says what is wrong', () => {
    const errors = checkDeclarations(guardSettings(), {
      db: { kind: 'tcp', match: ['db'], routes: ['x'], retry: { max: 1 } },
    })

    expect(errors.map(({ message }) => message)).toEqual([
      'Cannot use routes of the dependency "db": it cannot act on a dependency of the kind "tcp"',
      'Cannot use retry of the dependency "db": it cannot act on a dependency of the kind "tcp"',
      'Cannot use match of the dependency "db": "db" is no address such as "db.example:5432" or "/run/db.sock"',
    ])
  })
})
