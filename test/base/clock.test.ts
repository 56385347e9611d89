import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'

describe('systemClock', () => {
  test('elapsed() never goes back', () => {
    const times = Array.from({ length: 100 }, () => systemClock.elapsed())

    expect(times).toEqual(times.toSorted((a, b) => a - b))
  })

  test('schedule() calls once', async () => {
    const { promise, resolve } = Promise.withResolvers<string>()

    systemClock.schedule(() => resolve('called'), 0)

    await expect(promise).resolves.toBe('called')
  })

  test('cancel() stops a scheduled call', async () => {
    let calls = 0
    const { promise, resolve } = Promise.withResolvers<void>()
    const first = systemClock.schedule(() => {
      calls += 1
    }, 0)
    systemClock.schedule(resolve, 1)

    first.cancel()
    await promise

    expect(calls).toBe(0)
  })

  test('schedule() keeps no process alive', async () => {
    const code = await exitCodeOf('systemClock.schedule(() => process.exit(7), 600_000)')

    expect(code).toBe(0)
  })

  test('schedule() keeps the process alive until a call that is said to', async () => {
    const code = await exitCodeOf(
      'systemClock.schedule(() => process.exit(7), 5, { keepsAlive: true })',
    )

    expect(code).toBe(7)
  })
})

/** Runs a statement in a process that has nothing else to do. */
async function exitCodeOf(statement: string): Promise<number> {
  const url = new URL('../../src/base/clock.ts', import.meta.url).href
  const script = `const { systemClock } = await import('${url}'); ${statement}`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script])
  const [code] = (await once(child, 'exit')) as [number]
  return code
}
