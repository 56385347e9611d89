import { digest } from '../../../src/base/digest.ts'
import type { SourceLocation } from '../../../src/base/error.ts'
import type { Artifact, ArtifactDependency } from '../../../src/bundle/artifact.ts'
import { dynamicSiteName, WRAPPER_PARAMETERS } from '../../../src/bundle/wrap-convention.ts'

/** A module as the bundler would describe it, its text wrapped by hand. */
export interface WrappedModule {
  readonly entry?: string
  /** The body; `export` and `import` statements are left out of it. */
  readonly body: string
  /** Local expression by exported name. */
  readonly exports?: Readonly<Record<string, string>>
  /** Dependencies whose whole namespace is re-exported. */
  readonly stars?: readonly number[]
  /** Text behind `let` that assigns imports from `$d`. */
  readonly imports?: string
  readonly deps?: readonly (Partial<ArtifactDependency> & { readonly spec: string })[]
  readonly tla?: SourceLocation
  readonly dynamicSites?: readonly string[]
  readonly inputs?: Artifact['inputs']
}

/** Makes an artifact the way loading.md describes the wrapper. */
export function wrapped(module: WrappedModule): Artifact {
  const sites = module.dynamicSites ?? []
  const parameters = [...WRAPPER_PARAMETERS, ...sites.map((_, at) => dynamicSiteName(at).trim())]
  const getters = Object.entries(module.exports ?? {}).map(
    ([name, local]) => `${JSON.stringify(name)}:()=>${local}`,
  )
  const stars = module.stars === undefined ? '' : `,[${module.stars.join(',')}]`
  const head =
    `(function(${parameters.join(',')}){"use strict";return ` +
    `${module.tla === undefined ? '' : 'async '}function*(){` +
    `$s({${['__proto__:null', ...getters].join(',')}}${stars});yield;` +
    (module.imports === undefined ? '' : `let ${module.imports};`)
  const code = `${head}${module.body}\n}})`
  return {
    id: digest(`id:${code}`),
    codeId: digest(code),
    entry: module.entry ?? 'entry.ts',
    code,
    head: head.length,
    deps: (module.deps ?? []).map((dep) => completed(dep, module.entry ?? 'entry.ts')),
    exports: Object.keys(module.exports ?? {}),
    tla: module.tla ?? null,
    dynamicSites: sites,
    inputs: module.inputs ?? [],
    assets: [],
    warnings: [],
    builtBy: { somon: '0', esbuild: '0', fingerprint: digest('') },
  }
}

function completed(
  dep: Partial<ArtifactDependency> & { readonly spec: string },
  importer: string,
): ArtifactDependency {
  const kind = dep.spec.startsWith('node:') ? 'builtin' : 'external'
  return { kind, names: '*', importers: [importer], ...dep }
}

/** The source map of a text that was not changed: every line maps to itself at column 0. */
export function identityMap(source: string, lines: number, lineShift = 0): string {
  const shift = lineShift === 0 ? 'AAAA' : `AA${vlq(lineShift)}A`
  const mappings = [shift, ...Array.from({ length: lines - 1 }, () => 'AACA')].join(';')
  return JSON.stringify({ version: 3, sources: [source], names: [], mappings })
}

/** Base64 VLQ of a number below 16. */
function vlq(value: number): string {
  return 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef'[value * 2] ?? 'A'
}
