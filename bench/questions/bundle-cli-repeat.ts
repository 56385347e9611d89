import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { MacroCase, Question, Target } from '../harness/question.ts'
import { inputsS5, type Input } from '../inputs.ts'
import { digestOfFolder } from '../outputs.ts'
import { ESBUILD, place, removeAll, requireBuild, SOMON } from '../products.ts'
import { runCommand } from '../harness/process-run.ts'

const FLAGS = ['--format=esm', '--platform=node', '--target=node24'] as const

export const bundleCliRepeat: Question = {
  name: 'bundle-cli-repeat',
  version: 1,
  title: 'What does the same `somon bundle` cost again when nothing has changed?',
  isolates:
    'the second and later runs of one command: start of Node, validation of every input, hashes of the outputs. The peer has no such memory, so its first run is the yardstick.',
  on: 'the disk cache as shipped.',
  doesNotShow: 'repeats after a checkout, where every file has to be hashed once.',
  packages: ['esbuild', 'zod', 'openai', 'rxjs', '@anthropic-ai/sdk', 'effect'],
  metrics: [
    { name: 'cpuMs', unit: 'ms' },
    { name: 'wallMs', unit: 'ms', wall: true },
  ],
  targets: [
    {
      case: 'S5',
      variant: 'somon again',
      metric: 'cpuMs',
      sense: 'at most',
      limit: 0.15,
      of: 'ratio',
      against: 'esbuild',
      gate: true,
    },
    ...['zod', 'openai', 'rxjs', 'anthropic', 'effect'].map(beyondNode),
  ],
  cases: async () => {
    requireBuild()
    const inputs = await inputsS5()
    return [caseOf('S5', inputs), ...inputs.map((input) => caseOf(input.name, [input]))]
  },
}

/** Of an entry alone: for all of S5 together the bound is the ratio. */
function beyondNode(entry: string): Target {
  const bound = { sense: 'at most', limit: 30, of: 'difference', against: 'node -e 0' } as const
  return { ...bound, case: entry, variant: 'somon again', metric: 'cpuMs' }
}

function caseOf(name: string, inputs: readonly Input[]): MacroCase {
  const entries = inputs.map(({ entry }) => entry)
  const cwd = place('inputs')
  const peerOut = place('bundle-cli-repeat', name, 'esbuild')
  const ownOut = place('bundle-cli-repeat', name, 'somon')
  const cache = place('bundle-cli-repeat', name, 'cache')
  const again = {
    argv: [...SOMON, 'bundle', ...entries, ...FLAGS, `--outdir=${ownOut}`] as const,
    cwd,
    env: { SOMON_CACHE_DIR: cache },
  }
  let primed = false
  return {
    kind: 'macro',
    name,
    variants: [
      {
        name: 'esbuild',
        command: {
          argv: [...ESBUILD, ...entries, '--bundle', ...FLAGS, `--outdir=${peerOut}`],
          cwd,
        },
        reset: () => removeAll(peerOut),
        prove: () => digestOfFolder(peerOut),
      },
      {
        name: 'somon again',
        command: again,
        reset: async () => {
          if (primed) return
          primed = true
          await removeAll(ownOut, cache)
          await runCommand(again)
          if (!existsSync(join(ownOut))) throw new Error('the first run wrote nothing')
        },
        prove: async ({ stdout, stderr }) => {
          // Something must have been remembered, else this is no repeat at all.
          if (!existsSync(cache)) throw new Error(`no cache was written: ${stdout}${stderr}`)
          return digestOfFolder(ownOut)
        },
      },
      {
        name: 'node -e 0',
        command: { argv: [process.execPath, '-e', '0'] },
        prove: () => undefined,
      },
    ],
  }
}
