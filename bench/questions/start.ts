import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { root } from '../harness/paths.ts'
import type { Question } from '../harness/question.ts'
import { requireBuild, SOMON } from '../products.ts'

export const start: Question = {
  name: 'start',
  version: 1,
  title: 'What does it cost to start the command line?',
  isolates:
    '`somon --version` against `node -e 0`: what our launcher and the modules it imports add to the start of Node itself.',
  on: 'the shipped command line.',
  doesNotShow: 'commands that do work; a page cache that is cold.',
  packages: ['esbuild'],
  metrics: [
    { name: 'cpuMs', unit: 'ms' },
    { name: 'wallMs', unit: 'ms', wall: true },
  ],
  targets: [
    {
      case: 'start',
      variant: 'somon --version',
      metric: 'cpuMs',
      sense: 'at most',
      limit: 1.3,
      of: 'ratio',
      against: 'node -e 0',
      gate: true,
    },
  ],
  cases: async () => {
    requireBuild()
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      version: string
    }
    return [
      {
        kind: 'macro',
        name: 'start',
        variants: [
          {
            name: 'node -e 0',
            command: { argv: [process.execPath, '-e', '0'] },
            prove: () => undefined,
          },
          {
            name: 'somon --version',
            command: { argv: [...SOMON, '--version'] },
            prove: ({ stdout }) => {
              if (!stdout.includes(version)) throw new Error(`printed "${stdout.trim()}"`)
              return version
            },
          },
        ],
      },
    ]
  },
}
