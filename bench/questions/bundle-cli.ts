import { join } from 'node:path'
import type { MacroCase, MacroVariant, Question } from '../harness/question.ts'
import { EACH_CASE } from '../harness/question.ts'
import { inputsS5, type Input } from '../inputs.ts'
import { digestOfFolder, proofOfBundle } from '../outputs.ts'
import { ESBUILD, ESBUILD_NATIVE, place, removeAll, requireBuild, SOMON } from '../products.ts'

const FLAGS = ['--format=esm', '--platform=node', '--target=node24'] as const

export const bundleCli: Question = {
  name: 'bundle-cli',
  version: 1,
  title: 'What does `somon bundle` cost against the bundler it stands on?',
  isolates:
    'one build of S5, and of each of its entries alone, with the same flags in a fresh process; output and cache folder are removed before each run; no plugin; CPU of the whole process tree. Outputs are equal byte by byte and run.',
  on: 'input hashing and the write of the disk cache, as shipped.',
  doesNotShow: 'plugins, watching, machines with more than two cores, a cold page cache.',
  packages: ['esbuild', 'zod', 'openai', 'rxjs', '@anthropic-ai/sdk', 'effect'],
  metrics: [
    { name: 'cpuMs', unit: 'ms' },
    { name: 'wallMs', unit: 'ms', wall: true },
  ],
  targets: [
    {
      case: EACH_CASE,
      variant: 'somon',
      metric: 'cpuMs',
      sense: 'at most',
      limit: 1.05,
      of: 'ratio',
      against: 'esbuild',
      gate: true,
    },
    {
      case: EACH_CASE,
      variant: 'somon',
      metric: 'cpuMs',
      sense: 'at most',
      limit: 45,
      of: 'difference',
      against: 'esbuild (native program)',
    },
    {
      case: EACH_CASE,
      variant: 'somon (GOGC=off)',
      metric: 'cpuMs',
      sense: 'at most',
      limit: 1.1,
      of: 'ratio',
      against: 'esbuild (GOGC=off)',
    },
  ],
  cases: async () => {
    requireBuild()
    const inputs = await inputsS5()
    return [caseOf('S5', inputs), ...inputs.map((input) => caseOf(input.name, [input]))]
  },
}

function caseOf(name: string, inputs: readonly Input[]): MacroCase {
  const entries = inputs.map(({ entry }) => entry)
  const esbuild = [...entries, '--bundle', ...FLAGS]
  const somon = ['bundle', ...entries, ...FLAGS]
  const off = { GOGC: 'off' }
  const variant = (
    label: string,
    argv: readonly [string, ...string[]],
    env: Record<string, string> = {},
  ): MacroVariant => variantOf({ label, argv, env, name, inputs })
  return {
    kind: 'macro',
    name,
    variants: [
      variant('esbuild', [...ESBUILD, ...esbuild]),
      variant('esbuild (native program)', [...ESBUILD_NATIVE, ...esbuild]),
      variant('somon', [...SOMON, ...somon]),
      variant('esbuild (GOGC=off)', [...ESBUILD, ...esbuild], off),
      variant('somon (GOGC=off)', [...SOMON, ...somon], off),
    ],
  }
}

function variantOf(options: {
  readonly label: string
  readonly argv: readonly [string, ...string[]]
  readonly env: Readonly<Record<string, string>>
  readonly name: string
  readonly inputs: readonly Input[]
}): MacroVariant {
  const { label, argv, env, name, inputs } = options
  const folder = place('bundle-cli', name, label.replaceAll(/[^a-z]+/gi, '-'))
  const outdir = join(folder, 'out')
  const cache = join(folder, 'cache')
  return {
    name: label,
    command: {
      argv: [...argv, `--outdir=${outdir}`],
      cwd: place('inputs'),
      env: { ...env, SOMON_CACHE_DIR: cache },
    },
    reset: () => removeAll(outdir, cache),
    prove: async () => {
      const answers: string[] = []
      for (const input of inputs) {
        // esbuild keeps the folders below the entries' common ancestor.
        const file = inputs.length === 1 ? 'index.js' : join(input.name, 'src/index.js')
        answers.push(await proofOfBundle(await asModule(outdir, file), input.name))
      }
      return JSON.stringify([await digestOfFolder(outdir), answers])
    },
  }
}

/** Outputs end in `.js`; a package.json beside them says that they are modules. */
async function asModule(outdir: string, file: string): Promise<string> {
  const { writeFile } = await import('node:fs/promises')
  await writeFile(join(outdir, 'package.json'), '{"type":"module"}')
  return join(outdir, file)
}
