import { abbaRounds } from './abba.ts'
import type { CpuMeter } from './cpu-meter.ts'
import type { ProcessRun } from './process-run.ts'
import type { MacroCase, MacroVariant, Metric } from './question.ts'
import { reportedBy } from './child-report.ts'
import { SELF, type CaseSamples } from './samples.ts'

interface Lane {
  readonly label: string
  readonly variant: MacroVariant
  failure: string | undefined
  readonly samples: Record<string, number[]>
}

/**
 * Measures a case with fresh processes in ABBA order.
 *
 * Each variant first proves, in a run that is not counted, that it does the same work as the
 * first one that works; one that does not is reported as failed and takes no further part.
 */
export async function measureMacro(
  macro: MacroCase,
  options: {
    readonly pairs: number
    readonly metrics: readonly Metric[]
    readonly meter: CpuMeter
  },
): Promise<CaseSamples> {
  const lanes = macro.variants.map((variant) => laneOf(variant.name, variant))
  await proveEqualWork(lanes, options.meter)
  const [first] = macro.variants
  if (first !== undefined) {
    const self = laneOf(SELF, first)
    self.failure = lanes[0]?.failure
    lanes.push(self)
  }
  for (const round of abbaRounds(lanes, options.pairs)) {
    for (const lane of round) await measureOnce(lane, options.metrics, options.meter)
  }
  return {
    name: macro.name,
    variants: lanes.map(({ label, failure, samples }) => ({ variant: label, failure, samples })),
  }
}

function laneOf(label: string, variant: MacroVariant): Lane {
  return { label, variant, failure: undefined, samples: {} }
}

async function proveEqualWork(lanes: readonly Lane[], meter: CpuMeter): Promise<void> {
  let reference: { readonly label: string; readonly proof: string } | undefined
  for (const lane of lanes) {
    const run = await start(lane, meter)
    if (run === undefined) continue
    try {
      const proof = await lane.variant.prove(run)
      if (proof === undefined) continue
      reference ??= { label: lane.label, proof }
      if (proof !== reference.proof) {
        lane.failure = `other work than ${reference.label}: ${shown(proof)} instead of ${shown(reference.proof)}`
      }
    } catch (error) {
      lane.failure = error instanceof Error ? error.message : String(error)
    }
  }
}

async function measureOnce(lane: Lane, metrics: readonly Metric[], meter: CpuMeter): Promise<void> {
  const run = await start(lane, meter)
  if (run === undefined) return
  const values: Record<string, number> = {
    ...reportedBy(run.stdout)?.values,
    cpuMs: run.cpuMs,
    wallMs: run.wallMs,
  }
  for (const { name } of metrics) {
    const value = values[name]
    if (value !== undefined) (lane.samples[name] ??= []).push(value)
  }
}

/** Runs a lane once unless it has failed; a run that fails ends the lane. */
async function start(lane: Lane, meter: CpuMeter): Promise<ProcessRun | undefined> {
  if (lane.failure !== undefined) return undefined
  await lane.variant.reset?.()
  const run = await meter.measure(lane.variant.command)
  if (run.exitCode === 0) return run
  lane.failure = `exit code ${run.exitCode}: ${shown(run.stderr.trim() || run.stdout.trim())}`
  return undefined
}

function shown(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > 200 ? `${line.slice(0, 200)}…` : line
}
