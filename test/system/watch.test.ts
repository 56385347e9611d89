import { describe, expect, test } from 'vitest'
import { ModuleSystem } from '../../src/system/module-system.ts'
import { createFixture } from '../support/fixture.ts'
import { until } from './effects/loading-effects.ts'

describe('loading.watch', () => {
  test('reloads once what any load has made live', async () => {
    await using fixture = await createFixture({
      'a.ts': 'export const n = 1',
      'b.ts': 'export const n = 1',
    })
    await using system = new ModuleSystem({ root: fixture.root, loading: { watch: true } })
    const reloads: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    system.on('module.reloaded', ({ module, to }) => {
      reloads.push(`${module} ${to}`)
      if (module === 'b.ts') resolve()
    })
    const a = await system.load<{ n: number }>('./a.ts')
    const b = await system.load<{ n: number }>('./b.ts')

    await fixture.write('a.ts', 'export const n = 2')
    await until(() => a.generation === 2)
    await fixture.write('b.ts', 'export const n = 2')
    await promise

    expect(reloads).toEqual(['a.ts 2', 'b.ts 2'])
    expect([a.exports.n, b.exports.n]).toEqual([2, 2])
  })

  test('ends at shutdown, also while it is being opened', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
    const system = new ModuleSystem({ root: fixture.root, loading: { watch: true } })
    await system.load('./main.ts')

    const report = await system.shutdown()

    expect(report.failures).toEqual([])
    expect(process.getActiveResourcesInfo()).not.toContain('FSEventWrap')
  })
})

test('ModuleSystem.watch() rejects when the system ends meanwhile', async () => {
  await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
  const system = new ModuleSystem({ root: fixture.root })
  await system.load('./main.ts')

  const opening = system.watch()
  const ended = system.shutdown()

  await expect(opening).rejects.toMatchObject({ code: 'SOMON_MODULE_CLOSED' })
  await ended
})
