import type { Clock } from '../base/clock.ts'
import type { EventChannel } from '../base/events.ts'
import type { EvaluateEvents } from './events.ts'
import type { RetireReport } from './generation.ts'
import { drain } from './lease.ts'
import type { ResourceCounts } from './ledger.ts'
import type { GenerationCode, LiveGeneration } from './live-generation.ts'
import type { Ownership } from './ownership.ts'
import type { RetiredGenerations } from './retired.ts'
import { settleError } from './settle-error.ts'

/** What retiring a generation works with. */
export interface RetirementParts {
  readonly clock: Clock
  readonly ownership: Ownership
  readonly retired: RetiredGenerations
  readonly channel: EventChannel<EvaluateEvents['generation.retired']>
  /** How long each `hot.dispose` hook may take. */
  readonly disposeTimeoutMs: number
}

/**
 * Ends a generation: drain, abort its signal, `hot.dispose`, ledger sweep, release, leak watch.
 *
 * A call during a retirement joins it; a call after it finds nothing to do. Nothing that goes
 * wrong on the way stops it.
 */
export function retireGeneration(
  generation: LiveGeneration,
  parts: RetirementParts,
  drainTimeoutMs: number,
): Promise<RetireReport> {
  if (generation.retiring !== undefined) return generation.retiring
  const { code, state } = generation
  if (code === undefined) return Promise.resolve(NOTHING_LEFT)
  const hasServed = state === 'live'
  generation.state = 'draining'
  generation.retiring = runRetirement(generation, code, parts, hasServed ? drainTimeoutMs : 0)
  return generation.retiring
}

async function runRetirement(
  generation: LiveGeneration,
  code: GenerationCode,
  parts: RetirementParts,
  drainTimeoutMs: number,
): Promise<RetireReport> {
  const { clock, ownership, disposeTimeoutMs } = parts
  const { module, number, token } = generation.facts
  const drained = await drain(generation, clock, drainTimeoutMs)
  const { data, errors } = await ownership.run(token, () => {
    code.controller.abort(new Error(`Generation ${number} of "${module}" has retired`))
    return code.hot.dispose(clock, disposeTimeoutMs)
  })
  const { swept, left, errors: sweepErrors } = await sweep(generation, ownership)
  generation.state = 'retired'
  generation.release()
  parts.retired.retire(code.tag)
  const report: RetireReport = {
    drained,
    swept,
    left,
    hotData: data,
    errors: [...errors, ...sweepErrors].map(settleError),
  }
  if (parts.channel.listened) {
    parts.channel.emit({ module, number, drained, swept, left, errors: report.errors })
  }
  return report
}

async function sweep(
  generation: LiveGeneration,
  ownership: Ownership,
): Promise<{
  readonly swept: ResourceCounts
  readonly left: ResourceCounts
  readonly errors: readonly unknown[]
}> {
  const { ledger } = generation.facts
  if (ledger === undefined) return { swept: {}, left: {}, errors: [] }
  if (ownership.mode !== 'dispose') return { swept: {}, left: ledger.counts(), errors: [] }
  return { ...(await ledger.sweep()), left: {} }
}

/** What a second retirement of the same generation finds. */
const NOTHING_LEFT: RetireReport = Object.freeze({
  drained: true,
  swept: {},
  left: {},
  hotData: {},
  errors: [],
})
