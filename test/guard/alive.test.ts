import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const PATIENT = { timeout: 15_000 }
const program = new URL('support/alive-program.ts', import.meta.url)

/** What the program printed until it ended by itself; rejects when it ends with another code than 0. */
async function outputOf(scene: string): Promise<string> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=somon-source', program.pathname, scene],
    // Of a process that lives on; it would outlast the test.
    { timeout: 10_000 },
  )
  return stdout
}

// Symptom: a program whose only pending work was a guarded call ended with code 13 and never saw
// its timeout. Cause: no timer of a guard kept the process alive, also those a caller waits for.
describe('a process whose only work is a guarded call', PATIENT, () => {
  test.each([
    ['timeout', 'SOMON_GUARD_TIMEOUT'],
    ['deadline', 'SOMON_GUARD_TIMEOUT'],
    ['queue', 'SOMON_GUARD_FULL'],
  ])('lives until its %s is over', async (scene, code) => {
    expect(await outputOf(scene)).toBe(code)
  })
})

describe('a process without work', PATIENT, () => {
  test.each([
    ['a task that was abandoned', 'abandoned', 'SOMON_GUARD_TIMEOUT'],
    ['an open circuit', 'open', 'open'],
    ['an active probe and its deadline', 'probe', 'probing'],
  ])('does not wait for %s', async (_what, scene, output) => {
    expect(await outputOf(scene)).toBe(output)
  })
})
