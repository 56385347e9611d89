import { posix } from 'node:path'
import { messageOf, type SomonError } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import { fromRelPath, importerPath, isModuleUrl, toRelPath } from '../base/project-path.ts'
import { isPolicy, type ResolvePolicy } from '../resolve/policy.ts'
import { checkUrl } from '../resolve/url-entry.ts'
import type { BuildResolver } from './esbuild-options.ts'
import { inlinePlugin, policyPlugin } from './esbuild-options.ts'
import type {
  EsbuildLoader,
  EsbuildMessage,
  EsbuildMetafile,
  EsbuildOptions,
  EsbuildResult,
  EsbuildService,
} from './esbuild.ts'
import { isEsbuildFailure } from './esbuild.ts'
import { buildMessage, createSourceReader, failureOf } from './failure.ts'
import { createPluginBuild, InputCollector } from './inputs.ts'
import { knownFault, optionFault } from './known-fault.ts'
import { type MappingHint, mappingHint } from './mapping-hint.ts'
import { isMetaModule, META_BINDING, metaPlugin } from './meta.ts'
import { bindMetaBanner, metaBanner } from './meta-banner.ts'
import { DEFAULT_OUTDIR } from './output-build.ts'
import type { BuiltOutputs, OutputBuild, OutputEngine } from './output-build.ts'
import { type UnresolvedName, withMappingHints } from './output-failure.ts'
import type { PluginHost } from './plugin-host.ts'
import { urlEntries } from './url-entries.ts'
import { writeOutput } from './write-output.ts'

/** What output builds through esbuild's service need. */
export interface ServiceEngineParts {
  readonly service: Pick<EsbuildService, 'build'>
  readonly plugins: PluginHost
  readonly policy: ResolvePolicy
  /** Asked for builds with a policy, with packages inlined among external ones, and that failed. */
  readonly resolverFor: (build: OutputBuild) => BuildResolver
}

/**
 * Makes the engine that can do everything: plugins, inlined packages, an `import.meta` for each
 * source, outputs in memory. Without any of these its outputs are those of the native program.
 */
export function createServiceEngine(parts: ServiceEngineParts): OutputEngine {
  return async (build, signal) => {
    signal?.throwIfAborted()
    checkSources(build, parts)
    const readSource = createSourceReader(build.root)
    let result: EsbuildResult
    try {
      result = await parts.service.build(serviceOptions(build, parts))
    } catch (thrown) {
      // What esbuild's own checks of options throw has no list of messages.
      if (!isEsbuildFailure(thrown)) {
        throw optionFault({ text: messageOf(thrown), location: null }) ?? thrown
      }
      const messages = parts.plugins
        .restore(thrown.errors)
        .map((message) => withFault(message, knownFault(build, message)))
      const entry = build.entries.join(', ')
      const failure = failureOf(entry, messages, readSource, () => undefined)
      throw await withMappingHints(failure, (names) => hintsFor(build, parts, names))
    }
    signal?.throwIfAborted()
    const report = withoutMeta(result.metafile)
    const warnings = result.warnings.map((message) => buildMessage(message, readSource))
    const contents = place(build, report, result)
    return { report, reportBytes: undefined, warnings, contents }
  }
}

function hintsFor(
  build: OutputBuild,
  { resolverFor }: ServiceEngineParts,
  names: readonly UnresolvedName[],
): readonly (MappingHint | undefined)[] {
  const resolver = resolverFor(build)
  return names.map(({ specifier, importer }) =>
    mappingHint(resolver, specifier, importerPath(build.root, importer), 'import'),
  )
}

function withFault(message: EsbuildMessage, fault: SomonError | undefined): EsbuildMessage {
  return fault === undefined ? message : { ...message, detail: fault }
}

/** @throws SomonError SOMON_RESOLVE_SOURCE_DENIED for an entry on a host that is not admitted */
function checkSources(build: OutputBuild, { resolverFor }: ServiceEngineParts): void {
  const urls = build.entries.filter(isModuleUrl)
  if (urls.length === 0) return
  const resolver = resolverFor(build)
  for (const url of urls) checkUrl(resolver, url, build.root)
}

function serviceOptions(build: OutputBuild, parts: ServiceEngineParts): EsbuildOptions {
  const perSource = build.importMeta === 'source'
  return {
    absWorkingDir: build.root,
    entryPoints: [...build.entries],
    ...(build.outfile === undefined
      ? { outdir: build.outdir ?? DEFAULT_OUTDIR }
      : { outfile: build.outfile }),
    write: false,
    bundle: true,
    format: build.format,
    platform: build.platform,
    target: build.target,
    minify: build.minify,
    splitting: build.splitting,
    sourcemap: build.sourcemap,
    packages: build.packages,
    external: [...build.external],
    alias: { ...build.alias },
    define: { ...build.define, ...(perSource ? { 'import.meta': META_BINDING } : {}) },
    loader: build.loader as Record<string, EsbuildLoader>,
    ...(build.conditions.length === 0 ? {} : { conditions: [...build.conditions] }),
    ...(build.tsconfig === undefined ? {} : { tsconfig: build.tsconfig }),
    ...(perSource ? { banner: { js: metaBanner(build.format) } } : {}),
    plugins: [
      ...policed(build, parts),
      ...pluginsOf(build, parts),
      ...inlined(build, parts),
      ...urlEntries(build.entries),
    ],
  }
}

function pluginsOf(
  build: OutputBuild,
  { plugins }: ServiceEngineParts,
): NonNullable<EsbuildOptions['plugins']> {
  if (build.importMeta === 'plain') return [...plugins.outputPlugins()]
  const collector = new InputCollector()
  const { root, loader } = build
  const reader = createPluginBuild({ root, loader: { ...ESBUILD_CSS, ...loader } }, () => collector)
  return [metaPlugin, ...plugins.esbuildPlugins(reader)]
}

/** For files on disk CSS is what esbuild makes of it; only loaded modules take it as text. */
const ESBUILD_CSS = { '.css': 'css', '.module.css': 'local-css' } as const

function policed(
  build: OutputBuild,
  { policy, resolverFor }: ServiceEngineParts,
): NonNullable<EsbuildOptions['plugins']> {
  if (!isPolicy(policy)) return []
  return policyPlugin({ root: build.root, resolve: policy }, true, resolverFor(build))
}

function inlined(
  build: OutputBuild,
  { resolverFor }: ServiceEngineParts,
): NonNullable<EsbuildOptions['plugins']> {
  if (build.packages === 'bundle' || build.inline.length === 0) return []
  return inlinePlugin(build, resolverFor(build))
}

/** The virtual modules behind `import.meta` are no inputs that a reader would know. */
function withoutMeta(metafile: EsbuildMetafile): EsbuildMetafile {
  const inputs = Object.entries(metafile.inputs)
    .filter(([path]) => !isMetaModule(path))
    .map(([path, input]) => {
      const imports = input.imports.filter((item) => !isMetaModule(item.path))
      return [
        path,
        imports.length === input.imports.length ? input : { ...input, imports },
      ] as const
    })
  return { ...metafile, inputs: Object.fromEntries(inputs) }
}

/** Writes the outputs, or hands them out; a plugin may have let esbuild write them itself. */
function place(
  build: OutputBuild,
  report: EsbuildMetafile,
  { outputFiles }: EsbuildResult,
): BuiltOutputs['contents'] {
  const contents = new Map<RelPath, Uint8Array>()
  for (const { path: file, contents: raw } of outputFiles) {
    const path = toRelPath(build.root, file)
    const entry = report.outputs[path]?.entryPoint
    contents.set(path, build.importMeta === 'source' ? bindOutput(raw, path, entry) : raw)
  }
  if (build.outdir === undefined && build.outfile === undefined) return contents
  for (const [path, bytes] of contents) writeOutput(fromRelPath(build.root, path), bytes)
  return undefined
}

/** The banner is one text for all outputs; what differs between them is filled in. */
function bindOutput(raw: Uint8Array, path: RelPath, entry: RelPath | undefined): Uint8Array {
  if (!/\.[cm]?js$/.test(path)) return raw
  const toRoot = posix.relative(posix.dirname(path), '') || '.'
  return Buffer.from(bindMetaBanner(Buffer.from(raw).toString(), `${toRoot}/`, entry ?? ''))
}
