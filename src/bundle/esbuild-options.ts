import { isBuiltin } from 'node:module'
import { isAbsolute, sep } from 'node:path'
import type { SomonError } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import { isModuleUrl, toRelPath } from '../base/project-path.ts'
import { esbuildAlias } from '../resolve/alias.ts'
import { esbuildConditions } from '../resolve/conditions.ts'
import { resolveNotFound, resolveSourceDenied } from '../resolve/errors.ts'
import { isPolicy, type ResolvePolicy } from '../resolve/policy.ts'
import type { ImportKind, Resolution, Resolver } from '../resolve/resolution.ts'
import type { BuildOptions } from './build-options.ts'
import { bundleOptionOwned } from './errors.ts'
import type { EsbuildLoader, EsbuildOptions, EsbuildPlugin } from './esbuild.ts'
import { META_BINDING, metaPlugin } from './meta.ts'
import { isUrlPath } from './module-id.ts'
import type { PluginBuild, PluginHost } from './plugin-host.ts'
import { urlEntries } from './url-entries.ts'

/** What the resolve row answers while a bundle is made. */
export type BuildResolver = Pick<Resolver, 'resolve' | 'inlineNames'>

/**
 * Returns esbuild's options for the artifacts of some entries.
 *
 * Nothing is written: the outputs' names exist in memory only. They stand at the root, so that
 * what is written relative to an output (maps, assets) is relative to the root.
 */
export function esbuildOptions(
  entries: readonly RelPath[],
  options: BuildOptions,
  parts: {
    readonly plugins: PluginHost
    readonly resolver: BuildResolver
    readonly build: PluginBuild
    readonly sourcemap: boolean
    /** True when no plugin is needed: esbuild then asks nobody, not even at its start. */
    readonly isBare?: boolean
  },
): EsbuildOptions {
  const conditions = esbuildConditions(options.resolve)
  return {
    absWorkingDir: options.root,
    entryPoints: entries.map((entry, index) => ({ in: entryPoint(entry), out: outputName(index) })),
    outdir: '.',
    write: false,
    allowOverwrite: true,
    bundle: true,
    splitting: false,
    format: 'esm',
    platform: 'node',
    target: options.target,
    legalComments: 'none',
    define: { ...options.define, 'import.meta': META_BINDING },
    loader: options.loader as Record<string, EsbuildLoader>,
    ...(options.jsx === undefined ? {} : { jsx: options.jsx }),
    sourcemap: parts.sourcemap ? 'external' : false,
    sourcesContent: false,
    packages: options.resolve.packages,
    external: [...options.resolve.externals],
    alias: { ...esbuildAlias(options.resolve.alias) },
    ...(conditions === undefined ? {} : { conditions: [...conditions] }),
    ...(options.resolve.tsconfig === undefined ? {} : { tsconfig: options.resolve.tsconfig }),
    plugins: parts.isBare === true ? [] : allPlugins(entries, options, parts),
  }
}

function allPlugins(
  entries: readonly RelPath[],
  options: BuildOptions,
  parts: Parameters<typeof esbuildOptions>[2],
): EsbuildPlugin[] {
  return [
    ...policyPlugin(options, options.resolve.packages === 'bundle', parts.resolver),
    metaPlugin,
    ...parts.plugins.esbuildPlugins(parts.build),
    ...(options.resolve.packages === 'external' ? inlinePlugin(options, parts.resolver) : []),
    ...urlEntries(entries),
  ]
}

function entryPoint(entry: RelPath): string {
  return isModuleUrl(entry) ? entry : `./${entry}`
}

/** The name of an entry's output, as a key of the metafile without extension. */
export function outputName(index: number): string {
  return `.somon-${index}`
}

/** @throws SomonError SOMON_BUNDLE_OPTION_OWNED for an option that somon needs itself */
export function checkOptions(options: BuildOptions): void {
  if ('import.meta' in options.define) {
    throw bundleOptionOwned({
      option: 'define.import.meta',
      reason: 'every source file gets an import.meta of its own',
    })
  }
  for (const [extension, loader] of Object.entries(options.loader)) {
    if (loader !== 'copy') continue
    throw bundleOptionOwned(
      {
        option: `loader ${extension}`,
        reason: '"copy" leaves an import of a file that a loaded module does not have',
      },
      { fix: 'Use the loader "file": the file becomes an asset of the module' },
    )
  }
}

/**
 * Answers the names of packages that go into the bundle although packages stay outside: under
 * `packages: 'external'` esbuild itself calls every name external. The filter holds these names
 * only, so no other import costs a message between the processes.
 */
export function inlinePlugin(
  options: { readonly root: string },
  resolver: BuildResolver,
): EsbuildPlugin[] {
  const filter = inlineFilter(resolver)
  if (filter === undefined) return []
  return [
    {
      name: 'somon-inline',
      setup(build) {
        build.onResolve({ filter }, ({ path, importer, resolveDir, kind }) => {
          const from = isAbsolute(importer) ? importer : resolveDir + sep
          return answer(resolver.resolve(path, from, importKind(kind)), path, from, options.root)
        })
      },
    },
  ]
}

/** Matches the imports that `inlinePlugin` answers. */
export function inlineFilter(resolver: Pick<BuildResolver, 'inlineNames'>): RegExp | undefined {
  const names = resolver.inlineNames().filter((name) => !isBuiltin(name))
  return names.length === 0 ? undefined : new RegExp(`^(?:${names.map(escaped).join('|')})(?:/|$)`)
}

/**
 * Refuses what `allowedSources` and `externalPolicy` keep out of files that esbuild resolves by
 * itself; undefined leaves everything else to it. Without such a policy no import costs a message.
 *
 * @param judgesNames - false where imports of packages stay imports: they are judged when bound
 */
export function policyPlugin(
  options: { readonly root: string; readonly resolve: ResolvePolicy },
  judgesNames: boolean,
  resolver: BuildResolver,
): EsbuildPlugin[] {
  if (!isPolicy(options.resolve)) return []
  return [
    {
      name: 'somon-policy',
      setup(build) {
        build.onResolve({ filter: judgesNames ? INSTALLED_OR_NAME : INSTALLED }, (args) => {
          const { path, importer, resolveDir, kind, namespace } = args
          if (kind === 'entry-point') return undefined
          // What a name means in a module on the network is for its plugin to say.
          if (isUrlPath(importer, namespace) && !isModuleUrl(path)) return undefined
          const from = isAbsolute(importer) ? importer : resolveDir + sep
          const found = resolver.resolve(path, from, importKind(kind))
          return found.class === 'refused' ? answer(found, path, from, options.root) : undefined
        })
      },
    },
  ]
}

const INSTALLED = /node_modules/
const INSTALLED_OR_NAME = /^[^./]|node_modules/

function answer(found: Resolution, specifier: string, from: string, root: string): OnResolveResult {
  const importer = toRelPath(root, from)
  switch (found.class) {
    case 'source':
      return { path: found.file }
    case 'builtin':
      return { path: found.name, external: true }
    case 'external':
      return { path: found.specifier, external: true }
    case 'refused': {
      const { reason, packageName } = found
      return refusal(resolveSourceDenied({ specifier, importer, packageName, reason }))
    }
    case 'missing':
      break
  }
  const { reason, suggestion } = found
  const tried = found.tried.map((path) => toRelPath(root, path))
  return refusal(resolveNotFound({ specifier, importer, reason, tried, suggestion }))
}

type OnResolveResult = NonNullable<
  Awaited<ReturnType<Parameters<Parameters<EsbuildPlugin['setup']>[0]['onResolve']>[1]>>
>

/** A returned error gets the place of the import from esbuild, a thrown one does not. */
function refusal(error: SomonError): OnResolveResult {
  return { errors: [{ text: error.message, detail: error }] }
}

/** Puts esbuild's kind of an import into the words of `resolve`. */
export function importKind(kind: string): ImportKind {
  if (kind.startsWith('require')) return 'require'
  if (kind === 'entry-point') return 'entry'
  return kind === 'dynamic-import' ? 'dynamic-import' : 'import'
}

function escaped(name: string): string {
  return name.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
}
