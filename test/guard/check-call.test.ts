import { describe, expect, test, vi } from 'vitest'
import type { GuardedCall } from '../../src/base/guard.ts'
import { guarded, works } from './support/guarded.ts'

const LIMIT = 'a number from 0 to 2147483647 is needed'

// Symptom: a timeout that is no number switched the timeout off, a misspelt option was ignored.
// Cause: nothing looked at what a program says of a call.
const times: [unknown, ErrorConstructor, string][] = [
  ['100ms', TypeError, `"100ms"; ${LIMIT}`],
  [null, TypeError, `null; ${LIMIT}`],
  [NaN, RangeError, `NaN; ${LIMIT}`],
  [-5, RangeError, `-5; ${LIMIT}`],
  [Infinity, RangeError, `Infinity; ${LIMIT}`],
  [2 ** 31, RangeError, `2147483648; ${LIMIT}`],
]
type Case = [string, unknown, ErrorConstructor, string]

function timesOf(option: string): Case[] {
  return times.map(([value, kind, text]) => [option, value, kind, `${option} is ${text}`])
}

const both: Case[] = [
  ...timesOf('timeoutMs'),
  ['signal', {}, TypeError, 'signal is [object Object]; an AbortSignal is needed'],
  ['signal', null, TypeError, 'signal is null; an AbortSignal is needed'],
  ['timeoutMS', 5, TypeError, 'it knows no option "timeoutMS"; "timeoutMs" is near'],
]

async function refusalOf(task: unknown, call: unknown): Promise<unknown> {
  const { guard, calls } = guarded(undefined, { fallback: () => 'from the fallback' })

  const error = await guard.call(task as typeof works, call as GuardedCall).catch((own) => own)
  const sent = await guard.send(task as typeof works, call as GuardedCall).catch((own) => own)

  expect(calls).toEqual([])
  expect(guard.snapshot().totals.fallbacks).toBe(0)
  expect(String(sent)).toBe(String(error))
  return error
}

describe('DependencyGuard.call() and send()', () => {
  test.each([
    ...both,
    ...timesOf('deadlineMs'),
    ['flightKey', 7, TypeError, 'flightKey is 7; a string is needed'],
    ['idempotent', 'yes', TypeError, 'idempotent is "yes"; a boolean is needed'],
    ['idempotant', true, TypeError, 'it knows no option "idempotant"; "idempotent" is near'],
    ['zzz', 1, TypeError, 'one of signal, timeoutMs, deadlineMs, flightKey, idempotent is needed'],
  ])('refuse the option %s with the value %j', async (option, value, kind, text) => {
    const task = vi.fn(works)

    const error = await refusalOf(task, { [option]: value })

    expect(error).toBeInstanceOf(kind)
    expect((error as Error).message).toContain(`Cannot call "payments": `)
    expect((error as Error).message).toContain(text)
    expect(task).not.toHaveBeenCalled()
  })

  test.each([null, 'x', 7])('refuse %j in the place of the options', async (call) => {
    expect(await refusalOf(works, call)).toEqual(
      new TypeError(
        `Cannot call "payments": options is ${JSON.stringify(call)}; an object is needed`,
      ),
    )
  })

  test.each([undefined, null, 'task', {}])('refuse %j in the place of the task', async (task) => {
    const error = await refusalOf(task, undefined)

    expect(error).toBeInstanceOf(TypeError)
    expect((error as Error).message).toContain('a function is needed')
  })

  test('cut a long value', async () => {
    const { message } = (await refusalOf(works, { timeoutMs: 'x'.repeat(1000) })) as Error

    expect(message.length).toBeLessThan(200)
  })

  test('refuse inside a task of the same guard too', async () => {
    const { guard } = guarded()

    const error = await guard.call(() =>
      guard.call(works, { timeoutMs: NaN }).catch((own: unknown) => own),
    )

    expect(error).toBeInstanceOf(RangeError)
  })

  test('take every option at its bounds, undefined, and signals of another make', async () => {
    const { guard } = guarded()
    const { signal } = new AbortController()
    const foreign = {
      aborted: false,
      addEventListener: () => {},
      removeEventListener: () => {},
    } as unknown as AbortSignal
    const nothing = { signal: undefined, timeoutMs: undefined, idempotent: undefined }
    const longest = { timeoutMs: 2 ** 31 - 1, deadlineMs: 2 ** 31 - 1, flightKey: '' }
    const options = [nothing, { timeoutMs: 0 }, { signal: foreign }, { ...longest, signal }]

    const results = await Promise.all(options.map((call) => guard.call(works, call as GuardedCall)))

    expect(results).toEqual(['ok', 'ok', 'ok', 'ok'])
  })
})

describe('DependencyGuard.enter()', () => {
  test.each([
    ...both,
    ['isUnbounded', 1, TypeError, 'isUnbounded is 1; a boolean is needed'],
    ['idempotent', true, TypeError, 'one of signal, timeoutMs, isUnbounded is needed'],
  ])('throws for the option %s with the value %j', (option, value, kind, text) => {
    const { guard } = guarded()

    const enter = (): unknown => guard.enter({ [option]: value })

    expect(enter).toThrow(kind)
    expect(enter).toThrow(text)
    expect(guard.snapshot().inflight).toBe(0)
  })
})
