import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { reportedProof } from '../harness/child-report.ts'
import { childScript } from '../harness/paths.ts'
import { runCommand, type Command } from '../harness/process-run.ts'
import { EACH_CASE, type MacroCase, type Question } from '../harness/question.ts'
import { inputsS4, type Input } from '../inputs.ts'
import { ESBUILD, place, removeAll, requireBuild } from '../products.ts'

export const diskStart: Question = {
  name: 'disk-start',
  version: 1,
  title: 'What does a start cost when the disk cache is valid?',
  isolates:
    'a fresh process loads one package of S4 from a valid cache: validation of every input, code cache, evaluation. That no build ran and no esbuild was started is asserted in the process.',
  on: 'validation by stat, checksums of every blob, V8 code cache, ledger, events.',
  doesNotShow: 'a cold page cache; file systems where stat is slow.',
  packages: ['esbuild', 'tsx', 'zod', 'openai', 'rxjs', '@anthropic-ai/sdk'],
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
      limit: 1.25,
      of: 'ratio',
      against: 'node with the bundle',
      gate: true,
    },
    {
      case: EACH_CASE,
      variant: 'somon',
      metric: 'cpuMs',
      sense: 'at most',
      limit: 0.3,
      of: 'ratio',
      against: 'tsx (warm cache)',
      gate: true,
    },
  ],
  cases: async () => {
    requireBuild()
    const cases: MacroCase[] = []
    for (const input of await inputsS4()) cases.push(await caseOf(input))
    return cases
  },
}

async function caseOf({ name, entry, folder }: Input): Promise<MacroCase> {
  const node = process.execPath
  const home = place('disk-start', name)
  await removeAll(home)
  await mkdir(join(home, 'tmp'), { recursive: true })
  const bundle = join(home, 'bundle.mjs')
  const flags = ['--bundle', '--format=esm', '--platform=node', '--packages=external']
  await runCommand({ argv: [...ESBUILD, entry, ...flags, `--outfile=${bundle}`] })
  const somon: Command = {
    argv: [node, childScript('load-somon.mjs'), entry, name, folder],
    env: { SOMON_CACHE_DIR: join(home, 'cache') },
  }
  const tsx: Command = {
    argv: [node, '--import', 'tsx', childScript('load-native.mjs'), entry, name],
    env: { TMPDIR: join(home, 'tmp') },
  }
  const prime: Command = { ...somon, argv: [...somon.argv, 'prime'] }
  for (const command of [prime, tsx, tsx]) await runCommand(command)
  return {
    kind: 'macro',
    name,
    variants: [
      {
        name: 'node with the bundle',
        command: { argv: [node, childScript('load-native.mjs'), bundle, name] },
        prove: reportedProof,
      },
      { name: 'tsx (warm cache)', command: tsx, prove: reportedProof },
      {
        name: 'somon',
        command: { ...somon, argv: [...somon.argv, 'from-disk'] },
        prove: (run) => {
          const stored = join(home, 'cache/v2/code')
          if (!existsSync(stored)) throw new Error('the priming run stored no code cache')
          return reportedProof(run)
        },
      },
    ],
  }
}
