import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { rejectSoon } from '../../src/guard/reject-soon.ts'

describe('rejectSoon()', () => {
  test('rejects with the very thing, whatever it is', async () => {
    const error = new Error('refused')

    await expect(rejectSoon(error)).rejects.toBe(error)
    await expect(rejectSoon(undefined)).rejects.toBeUndefined()
  })

  test('leaves its caller the time to listen', async () => {
    const promise = rejectSoon(new Error('refused'))
    const atOnce = inspect(promise)

    await promise.catch(() => {})

    expect(atOnce).toContain('<pending>')
    expect(inspect(promise)).toContain('<rejected>')
  })
})
