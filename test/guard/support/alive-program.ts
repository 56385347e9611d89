import { DependencyGuard } from '../../../src/guard/dependency-guard.ts'
import type { GuardSettings } from '../../../src/guard/settings.ts'
import { guardParts, paymentsGuard } from './guarded.ts'
import { guardSettings } from './settings.ts'

/**
 * Leaves one thing pending and prints what the caller was told and what became of the guard. A
 * process of its own, because only the end of one shows what keeps it alive.
 */
const never = (): Promise<never> => new Promise(() => {})
const LONG_MS = 3_600_000

const told = async (result: Promise<unknown>): Promise<void> => {
  const error = await result.catch((own: unknown) => own)
  process.stdout.write(String((error as { code?: unknown }).code))
}

function guardOf(changes: Partial<GuardSettings>): DependencyGuard {
  return paymentsGuard(guardSettings({}, { timeoutMs: 0, ...changes }))
}

const scenes: Record<string, () => Promise<void>> = {
  timeout: () => told(guardOf({ timeoutMs: 20 }).call(never)),
  deadline: () => told(guardOf({}).call(never, { deadlineMs: 20 })),
  queue: () => {
    const bulkhead = { mode: 'fixed', max: 1, queue: 1, queueTimeoutMs: 20 } as const
    const guard = guardOf({ bulkhead })
    void guard.call(never)
    return told(guard.call(never))
  },
  abandoned: () => told(guardOf({ timeoutMs: 20, abandonMs: LONG_MS }).call(never)),
  open: async () => {
    paymentsGuard(guardSettings({ open: { baseMs: LONG_MS, factor: 1, jitter: 0 } })).open()
    process.stdout.write('open')
  },
  probe: async () => {
    const began = Promise.withResolvers<void>()
    const probe = (): Promise<never> => {
      began.resolve()
      return never()
    }
    const work = setInterval(() => {}, LONG_MS)
    const open = { baseMs: 5, factor: 1, jitter: 0 }
    const settings = guardSettings(
      { open, recoveryMs: 6 * LONG_MS, halfOpen: { probes: 1, successes: 1, maxMs: LONG_MS } },
      { timeoutMs: LONG_MS },
    )
    new DependencyGuard({ ...guardParts(), functions: { probe } }, settings).open()
    await began.promise
    clearInterval(work)
    process.stdout.write('probing')
  },
}

await scenes[process.argv[2] ?? '']?.()
