import { describe, expect, test } from 'vitest'
import { unguarded } from '../../src/base/guard.ts'

describe('unguarded()', () => {
  test('starts the task synchronously and returns its result', async () => {
    let started = false
    const result = unguarded('db', () => {
      started = true
      return 7
    })

    expect(started).toBe(true)
    await expect(result).resolves.toBe(7)
  })

  test('rejects with what the task throws', async () => {
    const fault = new Error('refused')

    const result = unguarded('db', () => {
      throw fault
    })

    await expect(result).rejects.toBe(fault)
  })

  test('passes the signal of the call on', async () => {
    const { signal } = new AbortController()

    await expect(unguarded('db', (given) => given === signal, { signal })).resolves.toBe(true)
  })

  test('gives calls without a signal one each, so that listeners do not gather', async () => {
    const first = await unguarded('db', (signal) => signal)
    const second = await unguarded('db', (signal) => signal)

    expect(first).not.toBe(second)
    expect(first.aborted).toBe(false)
  })
})
