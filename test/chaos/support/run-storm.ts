import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Style } from './asking-module.ts'
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
 * What a sick place was not spared, or why nothing can be said of it.
 *
 * A guard as shipped lets it be tried until five calls in a row have failed, which those that are
 * under way by then do too, and by three probes in each half-open time. One more for each spell,
 * because a connection that was open when it began counts as tried.
 */
export function wrongWith(patient: PatientReport, style: Style): readonly string[] {
  const { name, spells, sent, attempts, accepted, offered, trips, underWay, rounds } = patient
  const allowed = 5 * trips + underWay + 3 * rounds + spells
  // For each connection that undici loses it opens another one (docs/notes/undici.md).
  const perCall = style === 'fetch' ? 2 : 1
  const wrong = {
    'too many calls': sent > allowed,
    'too many attempts': attempts > allowed * perCall,
    'too many connections': accepted > allowed * perCall,
    'so few calls that none had to be refused': offered <= allowed,
    'never opened': trips === 0,
    'opened again while it was well': trips > spells,
  }
  return Object.entries(wrong)
    .filter(([, isWrong]) => isWrong)
    .map(([what]) => `${name}: ${what} ${JSON.stringify(patient)}`)
}
