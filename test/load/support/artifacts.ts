import { digest } from '../../../src/base/digest.ts'
import type { Artifact } from '../../../src/bundle/artifact.ts'

/** An artifact as plain data, for what stores and counts artifacts without running them. */
export function artifactOf(code: string, parts: Partial<Artifact> = {}): Artifact {
  return {
    id: digest(`id ${code}`),
    codeId: digest(code),
    entry: 'src/main.ts',
    code,
    head: 10,
    deps: [{ spec: 'node:fs', kind: 'builtin', names: ['readFile'], importers: ['src/main.ts'] }],
    exports: ['a', 'default'],
    tla: null,
    dynamicSites: [],
    inputs: [{ path: 'src/main.ts', sha256: digest(code), bytes: code.length }],
    assets: [],
    warnings: [],
    builtBy: { somon: '1', esbuild: '2', fingerprint: digest('fingerprint') },
    ...parts,
  }
}
