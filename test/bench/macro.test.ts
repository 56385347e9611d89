import { describe, expect, test } from 'vitest'
import type { CpuMeter } from '../../bench/harness/cpu-meter.ts'
import { measureMacro } from '../../bench/harness/macro.ts'
import type { MacroVariant } from '../../bench/harness/question.ts'

const metrics = [
  { name: 'cpuMs', unit: 'ms' },
  { name: 'builds', unit: 'count' },
] as const

/** A meter that starts nothing: a command's first word is its cost, the second its exit code. */
function fakeMeter(log: string[]): CpuMeter {
  return {
    name: 'tree',
    close: () => {},
    async measure({ argv }) {
      const [cost, exitCode, stdout] = argv
      log.push(cost)
      return {
        cpuMs: Number(cost),
        wallMs: Number(cost) * 2,
        exitCode: Number(exitCode),
        stdout: stdout ?? '',
        stderr: '',
      }
    },
  }
}

function variant(
  name: string,
  cost: number,
  proof: string | undefined,
  exitCode = 0,
): MacroVariant {
  return { name, command: { argv: [String(cost), String(exitCode)] }, prove: () => proof }
}

function measure(variants: readonly MacroVariant[], log: string[] = [], pairs = 2) {
  const options = { pairs, metrics, meter: fakeMeter(log) }
  return measureMacro({ kind: 'macro', name: 'case', variants }, options)
}

describe('measureMacro()', () => {
  test('proves every variant once, then runs them in ABBA order with the first one again', async () => {
    const log: string[] = []

    await measure([variant('A', 1, 'same'), variant('B', 2, 'same')], log)

    expect(log.join('')).toBe('12121121')
  })

  test('collects one sample a pair and metric', async () => {
    const { variants } = await measure([variant('A', 1, 'x'), variant('B', 2, 'x')], [], 3)

    expect(variants).toEqual([
      { variant: 'A', failure: undefined, samples: { cpuMs: [1, 1, 1] } },
      { variant: 'B', failure: undefined, samples: { cpuMs: [2, 2, 2] } },
      { variant: 'A/A', failure: undefined, samples: { cpuMs: [1, 1, 1] } },
    ])
  })

  test('takes metrics from the report of a child', async () => {
    const report = 'noise\nbench-report {"proof":"x","values":{"builds":3}}\n'
    const child: MacroVariant = {
      name: 'A',
      command: { argv: ['1', '0', report] },
      prove: () => 'x',
    }

    const { variants } = await measure([child])

    expect(variants[0]?.samples.builds).toEqual([3, 3])
  })

  test('reports a variant that does other work as failed, and does not time it', async () => {
    const log: string[] = []

    const { variants } = await measure([variant('A', 1, 'all'), variant('B', 2, 'half')], log)

    expect(variants[1]?.failure).toMatch(/other work than A: half instead of all/)
    expect(variants[1]?.samples).toEqual({})
    expect(log.filter((cost) => cost === '2')).toHaveLength(1)
  })

  test('reports a variant that exits with an error as failed', async () => {
    const { variants } = await measure([variant('A', 1, 'x'), variant('B', 2, 'x', 9)])

    expect(variants[1]?.failure).toMatch(/exit code 9/)
  })

  test('asks no yardstick for equal work', async () => {
    const { variants } = await measure([variant('node -e 0', 1, undefined), variant('B', 2, 'x')])

    expect(variants.map(({ failure }) => failure)).toEqual([undefined, undefined, undefined])
  })
})
