import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { loadAsking, type Style } from './support/asking-module.ts'

const program = join(import.meta.dirname, 'support/slow-server.ts')
const TIMEOUT_MS = 1000

/** Keeps the thread, in a part of the turn after which timers come first. */
async function standStill(ms: number): Promise<void> {
  await new Promise(setImmediate)
  const until = performance.now() + ms
  while (performance.now() < until);
}

/**
 * Symptom: after work that kept the thread for longer than their timeout, calls timed out whose
 * answers had been there for long, and circuits of healthy dependencies opened. Cause: timers come
 * before input in a turn. Fix: a deadline that is over waits for one more turn.
 */
test.for<Style>(['fetch', 'axios'])(
  'answers that came while the process stood still are taken in before their deadline, by %s',
  async (style) => {
    const server = fork(program)
    const [port] = await once(server, 'message')
    await using asking = await loadAsking(
      { style, workers: 64 },
      { guard: { timeoutMs: TIMEOUT_MS } },
    )
    const askTen = (): Promise<string>[] =>
      Array.from({ length: 10 }, () => asking.ask(`http://127.0.0.1:${port}`))
    // Connections are made, so that the next calls go out at once.
    await Promise.all(askTen())

    const calls = askTen()
    await standStill(0)
    await standStill(2 * TIMEOUT_MS)
    const outcomes = await Promise.all(calls)
    server.disconnect()
    await once(server, 'exit')

    expect(new Set(outcomes)).toEqual(new Set(['200 well']))
    expect(asking.system.stats().guards.overall).toMatchObject({ open: 0 })
  },
)
