import type { LiveGeneration } from './live-generation.ts'
import type { Ownership } from './ownership.ts'

/** Refuses what only a fault of the caller can ask for: a second run, or one before binding. */
export function assertReady({ code, facts, state }: LiveGeneration): void {
  const subject = `Generation ${facts.number} of "${facts.module}"`
  if (code?.body === undefined) throw new TypeError(`${subject} has already run; it is ${state}`)
  if (code.dependencies.length < facts.deps.length) {
    throw new TypeError(`${subject} cannot run before its imports are bound`)
  }
}

/**
 * Runs the body of a bound generation, once.
 *
 * Returns a promise only when the artifact has top-level await. What the body throws is thrown as
 * it is; its stack is still unread.
 */
export function runBody(generation: LiveGeneration, ownership: Ownership): void | Promise<void> {
  const { code, facts } = generation
  const body = code?.body
  if (code === undefined || body === undefined) return undefined
  code.body = undefined
  const { started } = code
  if (started === undefined) {
    ownership.run(facts.token, () => void body.next())
    code.exports.complete()
    return undefined
  }
  code.started = undefined
  return runAsync(started, async () => {
    await ownership.run(facts.token, () => body.next())
    code.exports.complete()
  })
}

async function runAsync(started: Promise<unknown>, next: () => Promise<void>): Promise<void> {
  await started
  await next()
}
