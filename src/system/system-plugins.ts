import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { messageOf } from '../base/error.ts'
import { noPlugins } from '../bundle/no-plugins.ts'
import type { SomonPlugin } from '../bundle/plugin.ts'
import type { PluginHost } from '../bundle/plugin-host.ts'
import type { PluginHostParts } from '../bundle/plugins.ts'
import type { PluginSetting } from '../config/settings.ts'
import { pluginNotLoaded, pluginsNotReady } from './errors.ts'

/**
 * The plugins of one system: imported at the first asynchronous operation.
 *
 * A system without plugins is ready at once and never imports the plugin machinery.
 */
export class SystemPlugins {
  readonly #settings: readonly PluginSetting[]
  readonly #parts: PluginHostParts
  #host: PluginHost | undefined
  #loading: Promise<void> | undefined

  constructor(settings: readonly PluginSetting[], parts: PluginHostParts) {
    this.#settings = settings
    this.#parts = parts
    if (settings.length === 0) this.#host = noPlugins
  }

  get isReady(): boolean {
    return this.#host !== undefined
  }

  /** @throws SomonError SOMON_SYSTEM_PLUGINS_NOT_READY before `ready()` has resolved */
  get host(): PluginHost {
    if (this.#host === undefined) throw pluginsNotReady({})
    return this.#host
  }

  /** @throws SomonError SOMON_SYSTEM_PLUGIN_NOT_LOADED, SOMON_BUNDLE_PLUGIN_INVALID */
  ready(): Promise<void> {
    this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined
      throw error
    })
    return this.#loading
  }

  async #load(): Promise<void> {
    if (this.#host !== undefined) return
    const plugins = await Promise.all(this.#settings.map((setting) => this.#plugin(setting)))
    const { createPluginHost } = await import('../bundle/plugins.ts')
    this.#host = createPluginHost(plugins, this.#parts)
  }

  async #plugin(setting: PluginSetting): Promise<SomonPlugin> {
    if (typeof setting === 'string') return importPlugin(setting, undefined, this.#parts.root)
    if (isNamed(setting)) return importPlugin(setting[0], setting[1], this.#parts.root)
    return setting as SomonPlugin
  }
}

function isNamed(setting: PluginSetting): setting is readonly [name: string, options: unknown] {
  return Array.isArray(setting)
}

/** Imports a plugin by the name of its package, as seen from the project, and calls it. */
async function importPlugin(name: string, options: unknown, root: string): Promise<SomonPlugin> {
  try {
    const { keyedPlugin, pluginPackageKey } = await import('../bundle/keyed-plugin.ts')
    const require = createRequire(join(root, 'package.json'))
    const file = require.resolve(name)
    const exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>
    const create = factoryOf(exported)
    if (create === undefined) throw new Error('it exports no function')
    return keyedPlugin(
      create(options) as SomonPlugin,
      pluginPackageKey(name, versionOf(require, name, file), options),
    )
  } catch (cause) {
    throw pluginNotLoaded({ name, reason: messageOf(cause) }, { cause })
  }
}

/** The default export, else the only function that is exported. */
function factoryOf(exported: Record<string, unknown>): ((options: unknown) => unknown) | undefined {
  const functions = Object.values(exported).filter((value) => typeof value === 'function')
  const chosen = typeof exported.default === 'function' ? exported.default : functions[0]
  if (functions.length !== 1 && chosen !== exported.default) return undefined
  return chosen as ((options: unknown) => unknown) | undefined
}

/** The version of the package that holds a file, looked for upwards like Node does. */
function versionOf(require: NodeJS.Require, name: string, file: string): string {
  for (let folder = dirname(file); folder !== dirname(folder); folder = dirname(folder)) {
    try {
      const manifest = require(join(folder, 'package.json')) as { name?: string; version?: string }
      if (manifest.name === name) return manifest.version ?? '0.0.0'
    } catch {
      // A folder without package.json belongs to the package above it.
    }
  }
  return '0.0.0'
}
