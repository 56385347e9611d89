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
    `(function(${parameters.join(',')}){"use strict";return (` +
    `${module.tla === undefined ? '' : 'async '}function*(){` +
    `$s({${['__proto__:null', ...getters].join(',')}}${stars});yield;` +
    (module.imports === undefined ? '' : `let ${module.imports};`)
  const code = `${head}${module.body}\n})})`
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

/** The source map of a text that stands in its source `lineShift` lines lower. */
export function identityMap(source: string, lines: number, lineShift = 0): string {
  return sourceMap(
    [source],
    Array.from({ length: lines }, (_, line) => [[0, 0, line + lineShift, 0]]),
  )
}

type Segment = readonly [column: number, source: number, sourceLine: number, sourceColumn: number]

/** Encodes a source map from its segments by line; everything is 0-based, as in the format. */
export function sourceMap(
  sources: readonly string[],
  lines: readonly (readonly Segment[])[],
): string {
  const last = [0, 0, 0]
  const mappings = lines.map((segments) => {
    let lastColumn = 0
    return segments
      .map(([column, ...rest]) => {
        const text =
          vlq(column - lastColumn) + rest.map((v, at) => vlq(v - (last[at] ?? 0))).join('')
        lastColumn = column
        for (const [at, value] of rest.entries()) last[at] = value
        return text
      })
      .join(',')
  })
  return JSON.stringify({ version: 3, sources, names: [], mappings: mappings.join(';') })
}

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

function vlq(value: number): string {
  let rest = value < 0 ? -value * 2 + 1 : value * 2
  let text = ''
  do {
    const digit = rest % 32
    rest = Math.floor(rest / 32)
    text += BASE64[rest > 0 ? digit + 32 : digit]
  } while (rest > 0)
  return text
}
