import { cp, mkdtemp, realpath, rm } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compileFunction } from 'node:vm'
import { systemClock } from '../base/clock.ts'
import { EventHub } from '../base/events.ts'
import { unguarded } from '../base/guard.ts'
import type { BuildOptions } from '../bundle/build-options.ts'
import type { BuildOutcome } from '../bundle/build-outcome.ts'
import { createBundler, type Bundler } from '../bundle/bundler.ts'
import { EsbuildService } from '../bundle/esbuild.ts'
import type { BundleEvents, PluginEvents } from '../bundle/events.ts'
import type { SomonPlugin } from '../bundle/plugin.ts'
import type { PluginHost } from '../bundle/plugin-host.ts'
import { createPluginHost } from '../bundle/plugins.ts'
import { processEnvironment } from '../config/env.ts'
import { staticImportsOf } from '../bundle/static-imports.ts'
import { createEvaluator, type Evaluator } from '../evaluate/evaluator.ts'
import type { EvaluateEvents } from '../evaluate/events.ts'
import type { Namespace } from '../evaluate/generation.ts'
import type { ResolveEvents } from '../resolve/events.ts'
import type { ResolveOptions } from '../resolve/resolution.ts'
import { createResolver } from '../resolve/resolver.ts'

/**
 * A copy of a sample project in which one plugin builds and runs, with the real rows from resolve
 * to evaluate, without cache and reload. Ends with its scope.
 */
export class PluginWorkbench implements AsyncDisposable {
  /** Absolute path of the copy. */
  readonly root: string
  readonly plugins: PluginHost
  readonly #options: BuildOptions
  readonly #bundler: Bundler
  readonly #evaluator: Evaluator
  readonly #service: EsbuildService
  #generations = 0

  static async open(fixture: string, plugin: SomonPlugin): Promise<PluginWorkbench> {
    const root = await realpath(await mkdtemp(join(tmpdir(), 'somon-plugin-')))
    await cp(fixture, root, { recursive: true })
    return new PluginWorkbench(root, plugin)
  }

  private constructor(root: string, plugin: SomonPlugin) {
    const events = new EventHub<BundleEvents & EvaluateEvents & PluginEvents & ResolveEvents>()
    const resolveOptions = resolving(root)
    const resolver = createResolver(resolveOptions, { events })
    const limits = { serviceMaxRssBytes: 2 ** 29, hotContexts: 1 }
    // esbuild's service inherits it, and a sample may depend on variables.
    const env = processEnvironment()
    this.root = root
    this.plugins = createPluginHost([plugin], {
      root,
      clock: systemClock,
      events,
      guard: unguarded,
      hookTimeoutMs: 30_000,
    })
    this.#options = {
      root,
      resolve: resolveOptions,
      target: `node${process.versions.node}`,
      define: {},
      loader: {},
      sourceMaps: 'none',
    }
    this.#bundler = createBundler({
      clock: systemClock,
      events,
      resolver,
      plugins: this.plugins,
      limits,
      env,
    })
    this.#service = new EsbuildService({
      limits,
      env,
      recycled: events.channel('bundle.service-recycled'),
    })
    this.#evaluator = createEvaluator({
      root,
      clock: systemClock,
      events,
      ledger: 'off',
      leakWarnMs: () => 0,
      disposeTimeoutMs: 1000,
      guards: undefined,
      staticImports: staticImportsOf,
      resolve: (specifier, importer, kind) => resolver.resolve(specifier, importer, kind),
      importSource: () => Promise.reject(new Error('a sample does not import sources at run time')),
      map: () => undefined,
      awaitMap: () => Promise.resolve(undefined),
      inspected: () => false,
      sourceText: () => undefined,
      extendMeta: (meta, generation) => this.plugins.instantiate(meta, generation),
      onFetch: () => {},
      onInvalidate: () => {},
    })
  }

  async build(entry: string): Promise<BuildOutcome> {
    const [outcome] = await this.#bundler.build([entry], this.#options)
    if (outcome === undefined) throw new Error(`the build of "${entry}" has no outcome`)
    return outcome
  }

  /** Builds and runs the entry; what it exports. */
  async load(entry: string): Promise<Namespace> {
    const outcome = await this.build(entry)
    if (!outcome.ok) throw outcome.error
    this.#generations += 1
    const generation = this.#evaluator.instantiate({
      artifact: outcome.artifact,
      number: this.#generations,
      reloadable: false,
    })
    await this.#evaluator.bindImports(generation)
    await this.#evaluator.execute(generation)
    return generation.namespace
  }

  /** The same through esbuild alone, as `somon bundle` does it. */
  async loadWithEsbuild(entry: string): Promise<Namespace> {
    const { outputFiles } = await this.#service.build({
      absWorkingDir: this.root,
      entryPoints: [entry],
      outdir: 'out',
      write: false,
      bundle: true,
      format: 'cjs',
      platform: 'node',
      packages: 'external',
      target: this.#options.target,
      plugins: [...this.plugins.outputPlugins()],
    })
    const output = outputFiles.find((file) => file.path.endsWith('.js'))
    const module: { exports: Namespace } = { exports: {} }
    const run = compileFunction(output?.text ?? '', ['module', 'exports', 'require'])
    run(module, module.exports, createRequire(join(this.root, entry)))
    return module.exports
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#evaluator.close()
    await this.#bundler.close()
    await this.#service.close()
    await rm(this.root, { recursive: true, force: true })
  }
}

function resolving(root: string): ResolveOptions {
  return {
    root,
    packages: 'external',
    externals: [],
    inline: [],
    externalPolicy: 'any',
    allowedSources: ['*'],
    conditions: [],
    alias: {},
    tsconfig: undefined,
  }
}
