import type { LiveGeneration } from './live-generation.ts'
import type { Ownership } from './ownership.ts'

/**
 * Runs the body of a bound generation, once.
 *
 * Returns a promise only when the artifact has top-level await. What the body throws is thrown as
 * it is; its stack is still unread.
 */
export function runBody(generation: LiveGeneration, ownership: Ownership): void | Promise<void> {
  const { code, facts } = generation
  const body = code?.body
  if (code === undefined || body === undefined) {
    throw new TypeError(`Generation ${facts.number} of "${facts.module}" has already run`)
  }
  code.body = undefined
  const { started } = code
  if (started === undefined) {
    ownership.run(facts.token, () => void body.next())
    return undefined
  }
  code.started = undefined
  return runAsync(started, () => ownership.run(facts.token, () => body.next()))
}

async function runAsync(started: Promise<unknown>, next: () => unknown): Promise<void> {
  await started
  await next()
}
