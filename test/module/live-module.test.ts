import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { ModuleSystem } from '../../src/system/module-system.ts'
import { createFixture } from '../support/fixture.ts'

const closed = expect.objectContaining({ code: 'SOMON_MODULE_CLOSED' })

describe('Module.exports', () => {
  test.for(['dispose', 'shutdown'] as const)(
    'throws after %s(); what was taken out of it goes on',
    async (end) => {
      await using fixture = await createFixture({ 'main.ts': 'export const two = () => 2' })
      await using system = new ModuleSystem({ root: fixture.root })
      const module = await system.load<{ two: () => number }>('./main.ts')
      const { two } = module.exports

      await (end === 'dispose' ? module.dispose() : system.shutdown())

      expect(() => module.exports).toThrow(closed)
      expect(two()).toBe(2)
    },
  )
})

describe('Module', () => {
  test('is shown with its id, generation and state, and nothing else', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const one = 1' })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load('./main.ts')

    expect(inspect(module)).toBe("Module { id: 'main.ts', generation: 1, state: 'live' }")
    await module.dispose()
    expect(inspect(module)).toBe("Module { id: 'main.ts', generation: 1, state: 'closed' }")
  })

  test('on() refuses what is no event', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const one = 1' })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load('./main.ts')

    expect(() => module.on('reload' as never, () => undefined)).toThrow(
      new TypeError('Cannot listen to "reload": there is no such event; write "reloaded"'),
    )
  })
})
