import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { PatientReport } from './patient.ts'
import type { StormOptions } from './storm.ts'
import type { StormOutput } from './storm-program.ts'

const program = join(import.meta.dirname, 'storm-program.ts')

/** Runs a storm in a process of its own, which `signal` ends, and returns what it tells of itself. */
export async function runStorm(options: StormOptions, signal: AbortSignal): Promise<StormOutput> {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--conditions=somon-source', program, JSON.stringify(options)],
    { signal },
  )
  return JSON.parse(stdout) as StormOutput
}

/** Nothing of what may be left: sockets, timers, listeners, subscribers, a dispatcher. */
export const nothing: StormOutput['left'] = {
  ...{ resources: [], channels: [], listeners: {}, uncaught: [] },
  isDispatcherBack: true,
}

/**
 * How often a guard as shipped may let a sick place be tried: until five calls in a row have
 * failed, the calls that were under way by then, and three probes in each half-open time. One
 * more, because a connection that was open when the place fell sick counts as tried.
 */
export function allowedAttempts({ trips, underWay, rounds }: PatientReport): number {
  return 5 * trips + underWay + 3 * rounds + 1
}
