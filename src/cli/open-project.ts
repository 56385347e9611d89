import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { EventHub } from '../base/events.ts'
import { unguarded } from '../base/guard.ts'
import type { PluginEvents } from '../bundle/events.ts'
import type { DiskTier } from '../cache/disk.ts'
import type { CacheEvents } from '../cache/events.ts'
import { readDotEnv, readEnvironment } from '../config/env.ts'
import { readConfigFile } from '../config/file.ts'
import type { Profile } from '../config/setting-row.ts'
import type { Settings } from '../config/settings.ts'
import { resolveSettings, type SettingSources } from '../config/sources.ts'
import type { ResolveEvents } from '../resolve/events.ts'
import type { Resolver } from '../resolve/resolution.ts'
import { openDiskCache } from '../system/disk-cache.ts'
import type { SystemPlugins } from '../system/system-plugins.ts'
import type { ModuleSystemApi } from '../system/module-system-api.ts'
import type { CommandContext } from './command.ts'
import { findProject } from './project.ts'
import { cacheOptions } from './project-cache.ts'

/** The settings of a project, and where they come from. */
export interface ProjectSettings {
  readonly settings: Settings
  /** As messages name it; undefined when the project has none. */
  readonly configFile: string | undefined
}

/** What a command asks of a project. */
export interface ProjectRequest {
  readonly profile: Profile
  /** The process runs the project's modules and nothing else. */
  readonly isProgram?: boolean
}

/** A project with a system over it, which ends with the scope. */
export interface OpenProject extends AsyncDisposable, ProjectSettings {
  readonly root: string
  readonly system: ModuleSystemApi
}

/** The settings that flags of commands stand for; everything else of a command is its own. */
const FLAG_SETTINGS: Readonly<Record<string, string>> = {
  packages: 'loading.packages',
  conditions: 'loading.conditions',
  external: 'loading.externals',
  inline: 'loading.inline',
  alias: 'loading.alias',
  tsconfig: 'loading.tsconfig',
  watch: 'loading.watch',
  debounce: 'loading.watchDebounceMs',
  poll: 'loading.watchPollMs',
}

/**
 * Reads what the project, the environment and the command line say.
 *
 * @throws SomonError SOMON_CONFIG_…
 */
export async function readProject(
  context: CommandContext,
  request: ProjectRequest,
): Promise<ProjectSettings> {
  const { sources, configFile } = await projectSources(context, request.profile)
  const settings = resolveSettings(sources)
  context.output.level = settings.log.level
  return { settings, configFile }
}

/**
 * Reads everything that the settings of the project are made from, and checks nothing of it.
 *
 * @param given - a configuration file instead of the one that is found or named by a flag
 * @throws SomonError SOMON_CONFIG_… for a file that cannot be read
 */
export async function projectSources(
  { host, flags }: CommandContext,
  profile: Profile,
  given?: string,
): Promise<{ readonly sources: SettingSources; readonly configFile: string | undefined }> {
  const { root } = findProject(host, flags)
  const file = await readConfigFile(root, given ?? flags.text('config'))
  const values: Record<string, unknown> = { root }
  if (flags.get('cache') === false) values['cache.disk.mode'] = 'off'
  if (flags.get('guards') === false) values['guard.enabled'] = false
  if (flags.has('log-level')) values['log.level'] = flags.text('log-level')
  for (const [flag, path] of Object.entries(FLAG_SETTINGS)) {
    const value = flags.get(flag)
    if (value !== undefined) values[path] = typeof value === 'number' ? String(value) : value
  }
  const sources = {
    ...{ profile, file, flags: values },
    env: readEnvironment(),
    dotEnv: readDotEnv(join(root, '.env')),
  }
  return { sources, configFile: file?.name }
}

/**
 * Opens a project with a system; the one place of the command line that constructs one.
 *
 * Commands watch in sessions of their own, which report: the system itself does not.
 */
export async function openProject(
  context: CommandContext,
  request: ProjectRequest = { profile: 'library' },
): Promise<OpenProject> {
  const project = await readProject(context, request)
  const { ModuleSystem } = await import('../system/module-system.ts')
  const { loading } = project.settings
  const settings = { ...project.settings, loading: { ...loading, watch: false } }
  const system = new ModuleSystem(settings, { isProgram: request.isProgram === true })
  return {
    ...project,
    root: project.settings.root,
    system,
    async [Symbol.asyncDispose]() {
      await system.shutdown()
    },
  }
}

/** Opens the disk cache of a project and nothing else. */
export async function openProjectCache(
  context: CommandContext,
): Promise<ProjectSettings & { readonly disk: DiskTier }> {
  const project = await readProject(context, { profile: 'library' })
  const options = cacheOptions(project.settings, context.host)
  return { ...project, disk: openDiskCache(options, new EventHub<CacheEvents>(), systemClock) }
}

/** Opens the resolver and the plugins of a project and nothing else: `explain` of one import. */
export async function openResolver(context: CommandContext): Promise<{
  readonly root: string
  readonly resolver: Resolver
  readonly plugins: SystemPlugins
}> {
  const { settings } = await readProject(context, { profile: 'library' })
  const { resolveOptions } = await import('../system/wire.ts')
  const { createResolver } = await import('../resolve/resolver.ts')
  const { SystemPlugins } = await import('../system/system-plugins.ts')
  const resolver = createResolver(resolveOptions(settings), {
    events: new EventHub<ResolveEvents>(),
  })
  const plugins = new SystemPlugins(settings.plugins, {
    root: settings.root,
    clock: systemClock,
    events: new EventHub<PluginEvents>(),
    guard: unguarded,
    hookTimeoutMs: settings.loading.hookTimeoutMs,
  })
  await plugins.ready()
  return { root: settings.root, resolver, plugins }
}
