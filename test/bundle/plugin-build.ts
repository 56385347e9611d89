import { readFile } from 'node:fs/promises'
import { expect } from 'vitest'
import { compileFunction } from 'node:vm'
import { build, type BuildOptions, type BuildResult } from 'esbuild'
import { isSomonError, type SomonError } from '../../src/base/error.ts'
import { EventHub } from '../../src/base/events.ts'
import { unguarded } from '../../src/base/guard.ts'
import { systemClock } from '../../src/base/clock.ts'
import type { PluginEvents } from '../../src/bundle/events.ts'
import type { FusedPlugin, SomonPlugin } from '../../src/bundle/plugin.ts'
import type { PluginBuild, PluginHost } from '../../src/bundle/plugin-host.ts'
import { createPluginHost, type PluginHostParts } from '../../src/bundle/plugins.ts'
import type { Fixture } from '../support/fixture.ts'

/** A reader that records what it is asked, in place of the one of the bundler. */
export class RecordingBuild implements PluginBuild {
  readonly reads: string[] = []
  readonly finished: string[] = []
  readonly watched: string[] = []

  async read(
    file: string,
    attributes: Readonly<Record<string, string>>,
  ): Promise<{ contents: Uint8Array; loader: string }> {
    this.reads.push(file)
    const loaders: Record<string, string> = { json: 'json', text: 'text', bytes: 'binary' }
    return { contents: await readFile(file), loader: loaders[attributes.type ?? ''] ?? 'default' }
  }

  finish(code: string, file: string): string {
    this.finished.push(file)
    return code
  }

  addWatchFile(file: string, plugin: string, owner?: string): void {
    this.watched.push(`${plugin}: ${file} < ${owner ?? ''}`)
  }

  addWatchDir(dir: string, plugin: string, owner?: string): void {
    this.watched.push(`${plugin}: ${dir}/ < ${owner ?? ''}`)
  }
}

export function createHost(
  root: string,
  plugins: readonly SomonPlugin[],
  parts: Partial<PluginHostParts> = {},
): PluginHost {
  const events = new EventHub<PluginEvents>()
  const defaults = { root, clock: systemClock, events, guard: unguarded, hookTimeoutMs: 10_000 }
  return createPluginHost(plugins, { ...defaults, ...parts })
}

export interface Built {
  readonly result: BuildResult<{ write: false; metafile: true }>
  readonly code: string
  readonly recorded: RecordingBuild
  readonly exports: Record<string, unknown>
}

/** Runs a CommonJS text. */
export function run(code: string, module: { exports: Record<string, unknown> }): void {
  compileFunction(code, ['module', 'exports', 'require'])(module, module.exports, () => ({}))
}

/** Builds `entry` of a fixture through esbuild with the plugins, and runs what comes out. */
export async function buildWith(
  fixture: Fixture,
  plugins: readonly SomonPlugin[],
  options: { host?: PluginHost; esbuild?: BuildOptions; entry?: string; run?: boolean } = {},
): Promise<Built> {
  const host = options.host ?? createHost(fixture.root, plugins)
  const recorded = new RecordingBuild()
  const result = await build({
    absWorkingDir: fixture.root,
    entryPoints: [options.entry ?? 'entry.ts'],
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    logLevel: 'silent',
    metafile: true,
    outdir: fixture.path('out'),
    ...options.esbuild,
    write: false,
    plugins: [...host.esbuildPlugins(recorded)],
  } as BuildOptions & { write: false; metafile: true })
  const file = result.outputFiles.find((output) => output.path.endsWith('.js'))
  const code = file?.text ?? ''
  const module = { exports: {} as Record<string, unknown> }
  if (options.run !== false) run(code, module)
  return { result, code, recorded, exports: module.exports }
}

/** A transform that appends its name to the string that the file exports. */
export function appending(name: string, extra: Partial<FusedPlugin> = {}): FusedPlugin {
  return {
    name,
    transform: {
      filter: { id: /word\.ts$/ },
      handler: (code) => code.replace(/'(?<word>.*)'/, `'$<word> ${name}'`),
    },
    ...extra,
  }
}

export async function failureOf(task: Promise<unknown>): Promise<{
  readonly error: Partial<SomonError>
  readonly message: { text: string; pluginName: string; location: unknown }
}> {
  const failure: unknown = await task.then(
    () => undefined,
    (error: unknown) => error,
  )
  const [message] = (failure as { errors?: { text: string; detail: unknown }[] })?.errors ?? []
  expect(message).toBeDefined()
  const { detail, ...rest } = message as {
    text: string
    detail: unknown
    pluginName: string
    location: unknown
  }
  return { error: isSomonError(detail) ? detail : {}, message: rest }
}

export const words = {
  'entry.ts': `export { word } from './word.ts'`,
  'word.ts': `export const word = 'start'`,
}
