import { reportedProof } from '../harness/child-report.ts'
import { childScript } from '../harness/paths.ts'
import type { Question } from '../harness/question.ts'
import { place, requireBuild } from '../products.ts'

export const moduleMemory: Question = {
  name: 'module-memory',
  version: 1,
  title: 'How much memory does a loaded module take?',
  isolates:
    '1,000 components of 5 KB source each in one process: heap, external memory and array buffers before and after loading, each after eight collections with pauses, divided by 1,000. The yardstick is the same code as plain modules of Node.',
  on: 'artifact, manifest, graph, module handle, generation, lazily made maps, code cache on disk.',
  doesNotShow: 'the memory of esbuild’s own process, which ends with the builds.',
  packages: ['esbuild'],
  maxPairs: 5,
  metrics: [
    { name: 'cpuMs', unit: 'ms' },
    { name: 'bytesPerModule', unit: 'bytes' },
    { name: 'rssPerModule', unit: 'bytes' },
  ],
  targets: [
    {
      case: '1,000 components',
      variant: 'somon',
      metric: 'bytesPerModule',
      sense: 'at most',
      limit: 50 * 1024,
      of: 'value',
    },
  ],
  cases: async () => {
    requireBuild()
    const folder = place('module-memory')
    const flags = ['--expose-gc', '--no-compilation-cache']
    const variant = (name: string, script: string) => ({
      name,
      command: {
        argv: [process.execPath, ...flags, childScript(script), folder] as const,
        env: { SOMON_CACHE_DIR: `${folder}-cache` },
      },
      prove: reportedProof,
    })
    return [
      {
        kind: 'macro',
        name: '1,000 components',
        variants: [
          variant('plain modules', 'memory-native.mjs'),
          variant('somon', 'memory-somon.mjs'),
        ],
      },
    ]
  },
}
