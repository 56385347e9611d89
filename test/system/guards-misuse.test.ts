import { describe, expect, test } from 'vitest'
import { ModuleSystem } from '../../src/system/module-system.ts'

describe('ModuleSystem.guard() without types', () => {
  test.for<[unknown, string]>([
    [5, 'The name of a guard must be a string, and not an empty one'],
    ['', 'The name of a guard must be a string, and not an empty one'],
    ['a\nb', String.raw`The name of a guard must have no control characters: "a\nb"`],
    ['reset', 'The name of a guard must be another one than "reset"'],
    ['__proto__', 'The name of a guard must be another one than "__proto__"'],
  ])('refuses the name %j', async ([name, message]) => {
    await using system = new ModuleSystem()

    expect(() => system.guard(name as never)).toThrow(new TypeError(message))
  })

  test.for([null, 5, 'fast', []])('refuses the options %j', async (options) => {
    await using system = new ModuleSystem()
    const expected = new TypeError('The options of the guard "payments" must be an object')

    expect(() => system.guard('payments', options as never)).toThrow(expected)
  })
})

describe('ModuleSystem.actOnGuards() without types', () => {
  test.for(['payments', [5], null, {}])('refuses %j as names, and does nothing', async (names) => {
    await using system = new ModuleSystem()
    const guard = system.guard('payments')
    await guard.call(() => 1)
    const expected = new TypeError('The names of guards to act on must be a list of strings')

    expect(() => system.actOnGuards('open', names as never)).toThrow(expected)
    expect(guard.state).toBe('closed')
  })
})

describe('ModuleSystem.configure() without types', () => {
  test.for([5, null, 'guard', [], undefined])('refuses %j', async (changes) => {
    await using system = new ModuleSystem()
    const expected = new TypeError('The changes of settings must be an object')

    expect(() => system.configure(changes as never)).toThrow(expected)
  })
})
