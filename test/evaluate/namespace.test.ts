import { assert, constantFrom, property, uniqueArray } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { NamespaceBuilder } from '../../src/evaluate/namespace.ts'

describe('NamespaceBuilder', () => {
  test('NamespaceBuilder.register() sorts names and reads them at each access', () => {
    const builder = new NamespaceBuilder()
    let count = 0

    builder.register({ b: () => (count += 1), a: () => 0 }, undefined)

    expect(Object.keys(builder.namespace)).toEqual(['a', 'b'])
    expect([builder.namespace.b, builder.namespace.b]).toEqual([1, 2])
    expect(Object.prototype.toString.call(builder.namespace)).toBe('[object Module]')
  })

  test('NamespaceBuilder.namespace cannot be written to', () => {
    const builder = new NamespaceBuilder()
    builder.register({ a: () => 1 }, undefined)
    builder.bind([])

    expect(() => Object.assign(builder.namespace, { a: 2 })).toThrow(TypeError)
    expect(() => Object.assign(builder.namespace, { other: 2 })).toThrow(TypeError)
  })

  test('NamespaceBuilder.bind() passes on the names of starred externals, live', () => {
    const builder = new NamespaceBuilder()
    const external = { one: 1, default: 'hidden' }
    builder.register({ own: () => 'own' }, [0])

    builder.bind([external])
    external.one = 11

    expect({ ...builder.namespace }).toEqual({ own: 'own', one: 11 })
  })

  test('NamespaceBuilder.complete() adds what the body has brought, live, and closes', () => {
    const builder = new NamespaceBuilder()
    const late: Record<string, unknown> = {}
    builder.register({ own: () => 'own' }, [], () => late)

    builder.bind([])
    Object.assign(late, { own: 'hidden', more: 1 })
    builder.complete()
    late.more = 2

    expect({ ...builder.namespace }).toEqual({ own: 'own', more: 2 })
    expect(Object.isExtensible(builder.namespace)).toBe(false)
  })

  test('NamespaceBuilder.bind() leaves out what two externals export differently', () => {
    const builder = new NamespaceBuilder()
    const shared = {}
    builder.register({ mine: () => 'mine' }, [0, 1])

    builder.bind([
      { clash: 1, same: shared, mine: 'theirs' },
      { clash: 2, same: shared },
    ])

    expect({ ...builder.namespace }).toEqual({ mine: 'mine', same: shared })
  })

  test('NamespaceBuilder holds own names, then every unambiguous starred name', () => {
    const names = uniqueArray(constantFrom<string[]>('a', 'b', 'c', 'd', 'default'))
    assert(
      property(names, names, names, (own, first, second) => {
        const builder = new NamespaceBuilder()
        builder.register(Object.fromEntries(own.map((name) => [name, () => 'own'])), [0, 1])

        builder.bind([
          Object.fromEntries(first.map((name) => [name, 1])),
          Object.fromEntries(second.map((name) => [name, 2])),
        ])

        const expected = ['a', 'b', 'c', 'd'].filter(
          (name) => own.includes(name) || first.includes(name) !== second.includes(name),
        )
        if (own.includes('default')) expected.push('default')
        expect(Object.keys(builder.namespace).toSorted()).toEqual(expected.toSorted())
      }),
    )
  })
})
