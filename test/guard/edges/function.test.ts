import { describe, expect, test, vi } from 'vitest'
import type { Guard, GuardedCall } from '../../../src/base/guard.ts'
import { FunctionEdge, type DeclaredFunctions } from '../../../src/guard/edges/function.ts'
import { guarded } from '../support/guarded.ts'
import { guardSettings } from '../support/settings.ts'

type Namespace = Readonly<Record<string, unknown>>

interface Call {
  readonly owner: string
  readonly dependency: string
  readonly call: GuardedCall | undefined
}

/** An edge whose guards let everything pass and note what they were asked for. */
function edge(
  functions: readonly string[],
  more: Partial<DeclaredFunctions> = {},
): {
  readonly calls: Call[]
  readonly facade: (namespace: Namespace, specifier?: string) => Namespace
} {
  const calls: Call[] = []
  const guardOf =
    (owner: string): Guard =>
    async (dependency, task, call) => {
      calls.push({ owner, dependency, call })
      return task(new AbortController().signal)
    }
  const made = new FunctionEdge({
    guardOf,
    declared: (name) =>
      name === 'pay' ? { dependency: 'payments', functions, ...more } : undefined,
  })
  return {
    calls,
    facade: (namespace, specifier = 'pay') =>
      made.facadeOf(
        'src/orders.ts',
        { specifier, packageName: specifier.split('/')[0] ?? '' },
        namespace,
        'src/charge.ts',
      ),
  }
}

describe('FunctionEdge.facadeOf()', () => {
  test('hands out the namespace itself where nothing is declared', () => {
    const { facade } = edge(['charge'])
    const other = { charge: () => 1 }
    const below = { refund: () => 1 }

    expect(facade(other, 'lodash')).toBe(other)
    expect(facade(below, 'pay/refunds')).toBe(below)
  })

  test('calls a declared function through the guard of its owner, and all else as it is', async () => {
    const { facade, calls } = edge(['charge'])
    class Client {
      readonly key = 1
    }
    const real = { charge: (a: number, b: number) => a + b, Client, refund: () => 'back' }

    const seen = facade(real) as typeof real
    const paid = seen.charge(1, 2) as unknown

    expect(paid).toBeInstanceOf(Promise)
    expect(await paid).toBe(3)
    expect(seen.Client).toBe(Client)
    expect(seen.refund).toBe(real.refund)
    expect(calls).toEqual([
      { owner: 'src/orders.ts', dependency: 'payments', call: { idempotent: false } },
    ])
  })

  test('guards the declared functions that a path of the package exports', async () => {
    const { facade, calls } = edge(['charge', 'refund'])

    const seen = facade({ refund: () => 'back' }, 'pay/refunds') as { refund(): unknown }
    await seen.refund()

    expect(calls.length).toBe(1)
  })

  test('looks like the namespace: its names in order, closed, of the same kind', () => {
    const { facade } = edge(['charge'])
    const real = { a: 1, charge: () => {}, default: 2 }

    const seen = facade(real)

    expect(Object.keys(seen)).toEqual(['a', 'charge', 'default'])
    expect(Object.prototype.toString.call(seen)).toBe('[object Module]')
    expect(Object.isExtensible(seen)).toBe(false)
    expect(Reflect.set(seen, 'a', 2)).toBe(false)
    expect(Reflect.set(seen, 'charge', () => {})).toBe(false)
  })

  test('reads exports when they are used, so they may be assigned anew', async () => {
    const { facade } = edge(['charge'])
    const real = { count: 1, charge: (): string => 'old' }
    const seen = facade(real) as typeof real
    const bound = seen.charge as () => unknown

    real.count = 2
    real.charge = () => 'new'

    expect(seen.count).toBe(2)
    expect(await bound()).toBe('new')
  })

  test('keeps `this`, name, length and properties of the function', async () => {
    const { facade } = edge(['charge'])
    const real = { charge: Object.assign(charge, { currency: 'EUR' }) }

    const seen = facade(real) as typeof real

    expect(await seen.charge(1)).toBe(real)
    expect(await Reflect.apply(seen.charge, 'me', [1])).toBe('me')
    expect(await Reflect.apply(seen.charge, undefined, [1])).toBeUndefined()
    expect([seen.charge.name, seen.charge.length]).toEqual(['charge', 1])
    expect(seen.charge.currency).toBe('EUR')
    expect(() => Reflect.construct(seen.charge, [])).toThrow(TypeError)
  })

  test('makes the default export a guarded function when it is declared', async () => {
    const { facade, calls } = edge(['default'])

    const seen = facade({ default: () => 'paid' }) as { default(): unknown }

    expect(await seen.default()).toBe('paid')
    expect(calls.length).toBe(1)
  })

  test('says that calls may be made again when the declaration does', async () => {
    const { facade, calls } = edge(['charge'], { idempotent: true })

    await (facade({ charge: () => 1 }) as { charge(): unknown }).charge()

    expect(calls[0]?.call).toEqual({ idempotent: true })
  })

  test('turns what is thrown or refused into a rejection', async () => {
    const { guard } = guarded(guardSettings({ consecutive: 1 }))
    const made = new FunctionEdge({
      guardOf: () => (_dependency, task, call) => guard.call(task, call),
      declared: () => ({ dependency: 'payments', functions: ['charge'] }),
    })
    const real = {
      charge: vi.fn<() => unknown>(() => {
        throw new Error('declined')
      }),
    }
    const seen = made.facadeOf('o', { specifier: 'pay', packageName: 'pay' }, real, 'a.ts')
    const pay = seen.charge as () => Promise<unknown>

    const [first, second] = [pay(), pay().catch((error: unknown) => error)]

    await expect(first).rejects.toThrow('declined')
    expect(await second).toMatchObject({ message: 'declined' })
    await expect(pay()).rejects.toMatchObject({ code: 'SOMON_GUARD_OPEN' })
    expect(real.charge).toHaveBeenCalledTimes(2)
  })
})

class Native {
  readonly key = 1
}

/** A class as a compiler writes it for an old target. */
function Compiled(): void {}
Compiled.prototype.pay = (): void => {}

function* generate(): Generator<number> {
  yield 1
}

async function* generateLater(): AsyncGenerator<number> {
  yield 1
}

function charge(this: unknown, _amount: number): unknown {
  return this
}

describe('FunctionEdge.facadeOf() of what cannot be guarded', () => {
  test.each([
    ['a class', Native, 'it is a class'],
    ['a compiled class', Compiled, 'it is a class'],
    ['a class of Node', Map, 'it is a class'],
    ['a generator', generate, 'it is a generator'],
    ['an asynchronous generator', generateLater, 'it is a generator'],
    ['an object', {}, 'it is of type object'],
  ])('refuses %s', (_kind, value, reason) => {
    const { facade } = edge(['charge'])

    const act = (): unknown => facade({ charge: value })

    expect(act).toThrow(
      expect.objectContaining({
        code: 'SOMON_GUARD_NOT_A_FUNCTION',
        message: expect.stringContaining(reason),
        data: expect.objectContaining({
          ...{ owner: 'src/orders.ts', importer: 'src/charge.ts' },
          ...{ dependency: 'payments', specifier: 'pay', name: 'charge' },
        }),
      }),
    )
  })

  test('names the nearest export when one is missing, also as a property of the default', () => {
    const { facade } = edge(['chrage'])

    const act = (): unknown => facade({ charge: () => {}, default: { chrage: () => {} } })

    expect(act).toThrow(
      expect.objectContaining({
        code: 'SOMON_GUARD_NOT_A_FUNCTION',
        message: expect.stringContaining('there is no export of this name'),
        fix: 'Name "charge" instead',
      }),
    )
  })

  test.each([
    ['a function', charge],
    ['an arrow', () => {}],
    ['an asynchronous function', async () => {}],
    ['a bound function', charge.bind('me')],
  ])('takes %s', (_kind, value) => {
    const { facade } = edge(['charge'])

    expect(facade({ charge: value }).charge).not.toBe(value)
  })
})
