import { abbaRounds } from './abba.ts'
import type { MicroCase, MicroVariant } from './question.ts'
import { SELF, type CaseSamples } from './samples.ts'

/** Blocks shorter than this measure the clock; the spec's floor is 20 µs. */
const BLOCK_NS = 200_000
const DISCARDED_BLOCKS = 20
const BLOCKS_A_PAIR = 4

interface Lane {
  readonly label: string
  readonly variant: MicroVariant
  count: number
  readonly nsPerCall: number[]
}

/**
 * Measures functions in one process: blocks in ABBA order, 20 of them discarded, four a pair
 * counted (60 for the usual 15 pairs); a sample is the mean of one block.
 */
export async function measureMicro(
  micro: MicroCase,
  options: { readonly pairs: number },
): Promise<CaseSamples> {
  const failures = await proofFailures(micro.variants)
  const working = micro.variants.filter((variant) => !failures.has(variant.name))
  const lanes: Lane[] = working.map((variant) => ({
    label: variant.name,
    variant,
    count: 1,
    nsPerCall: [],
  }))
  const [first] = working
  if (first !== undefined) lanes.push({ label: SELF, variant: first, count: 1, nsPerCall: [] })
  for (const lane of lanes) lane.count = await calibrate(lane.variant)
  const blocks = DISCARDED_BLOCKS + options.pairs * BLOCKS_A_PAIR
  for (const [index, round] of abbaRounds(lanes, blocks).entries()) {
    for (const lane of round) {
      const ns = await timeBlock(lane.variant, lane.count)
      if (index >= DISCARDED_BLOCKS) lane.nsPerCall.push(ns / lane.count)
    }
  }
  await micro.close?.()
  const measured = lanes.map(({ label, nsPerCall }) => ({
    variant: label,
    failure: undefined,
    samples: { nsPerCall },
  }))
  const failed = [...failures].map(([variant, failure]) => ({ variant, failure, samples: {} }))
  return { name: micro.name, variants: [...measured, ...failed] }
}

async function proofFailures(variants: readonly MicroVariant[]): Promise<Map<string, string>> {
  const failures = new Map<string, string>()
  let reference: string | undefined
  for (const variant of variants) {
    try {
      const proof = await variant.prove()
      reference ??= proof
      if (proof !== reference) failures.set(variant.name, `other work: ${proof}`)
    } catch (error) {
      failures.set(variant.name, error instanceof Error ? error.message : String(error))
    }
  }
  return failures
}

/** Doubles the count until a block lasts long enough. */
async function calibrate(variant: MicroVariant): Promise<number> {
  let count = 1
  while ((await timeBlock(variant, count)) < BLOCK_NS) count *= 2
  return count
}

async function timeBlock(variant: MicroVariant, count: number): Promise<number> {
  const started = process.hrtime.bigint()
  await variant.run(count)
  return Number(process.hrtime.bigint() - started)
}
