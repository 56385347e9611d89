import { describe, expect, test } from 'vitest'
import { checkSubscription } from '../../src/base/known-event.ts'

const known = ['module.reloaded', 'module.disposed']

describe('checkSubscription()', () => {
  test('accepts a known event and a function', () => {
    expect(() => checkSubscription('module.reloaded', () => undefined, known)).not.toThrow()
  })

  test('names the nearest event of a mistyped one', () => {
    expect(() => checkSubscription('module.reload', () => undefined, known)).toThrow(
      new TypeError(
        'Cannot listen to "module.reload": there is no such event; write "module.reloaded"',
      ),
    )
  })

  test.for(['nope', undefined, 5, Symbol('x')])('names all events when %s is near none', (name) => {
    expect(() => checkSubscription(name, () => undefined, known)).toThrow(
      /there is no such event; the events are module\.reloaded, module\.disposed$/,
    )
  })

  test('refuses what is no function', () => {
    expect(() => checkSubscription('module.reloaded', undefined, known)).toThrow(
      new TypeError(
        'Cannot listen to "module.reloaded": the listener is of type undefined; a function is needed',
      ),
    )
  })
})
