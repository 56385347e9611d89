import { nearest } from '../base/nearest.ts'
import type { EsbuildPlugin } from './esbuild.ts'
import { pluginInvalid } from './errors.ts'
import type { FusedPlugin, PluginInputs, SomonPlugin } from './plugin.ts'

/** A plugin whose form has been checked, with its place in the list. */
export type CheckedPlugin = CheckedEsbuildPlugin | CheckedFusedPlugin

/** A plugin in the form of esbuild. */
export interface CheckedEsbuildPlugin {
  readonly shape: 'esbuild'
  readonly name: string
  readonly inputs: PluginInputs
  readonly plugin: EsbuildPlugin
}

/** A plugin with fused hooks. */
export interface CheckedFusedPlugin {
  readonly shape: 'fused'
  readonly name: string
  readonly inputs: PluginInputs
  readonly plugin: FusedPlugin
}

/**
 * Checks the form of every plugin and sorts them: pre, esbuild plugins, normal, post; within each
 * the order of the list.
 *
 * @throws SomonError SOMON_BUNDLE_PLUGIN_INVALID
 */
export function checkPlugins(plugins: readonly SomonPlugin[]): readonly CheckedPlugin[] {
  const checked = plugins.map((plugin, index) => checkPlugin(plugin, `#${index + 1}`))
  return checked.toSorted((a, b) => rank(a) - rank(b))
}

function rank(plugin: CheckedPlugin): number {
  if (plugin.shape === 'esbuild') return 1
  if (plugin.plugin.enforce === 'pre') return 0
  return plugin.plugin.enforce === 'post' ? 3 : 2
}

function checkPlugin(value: unknown, place: string): CheckedPlugin {
  if (typeof value === 'function') {
    refuse(place, 'it is a function; expected an object', 'Call the function: plugins: [yaml()]')
  }
  if (!isRecord(value)) refuse(place, `it is ${kindOf(value)}; expected an object with a name`)
  const { name } = value
  if (typeof name !== 'string' || name === '') {
    refuse(place, `its "name" is ${kindOf(name)}; expected a text that is not empty`)
  }
  checkInputs(name, value)
  const isEsbuild = 'setup' in value
  checkMembers(name, '', value, isEsbuild ? ESBUILD_MEMBERS : FUSED_MEMBERS)
  const { cacheKey, watch, env } = value as PluginInputs
  const inputs = {
    ...(cacheKey !== undefined && { cacheKey }),
    ...(watch !== undefined && { watch }),
    ...(env !== undefined && { env }),
  }
  if (isEsbuild) {
    const plugin = value as unknown as EsbuildPlugin
    // esbuild refuses members that it does not know.
    return {
      shape: 'esbuild',
      name,
      inputs,
      plugin: { name, setup: (build) => plugin.setup(build) },
    }
  }
  checkFused(name, value)
  return { shape: 'fused', name, inputs, plugin: value as unknown as FusedPlugin }
}

/** The members of each shape: what their value must be. */
type Expected = 'text' | 'function' | 'hook' | 'any'

const INPUT_MEMBERS: Readonly<Record<string, Expected>> = {
  name: 'text',
  cacheKey: 'any',
  watch: 'any',
  env: 'any',
}

const ESBUILD_MEMBERS: Readonly<Record<string, Expected>> = { ...INPUT_MEMBERS, setup: 'function' }

const FUSED_MEMBERS: Readonly<Record<string, Expected>> = {
  ...INPUT_MEMBERS,
  enforce: 'any',
  resolveId: 'hook',
  load: 'hook',
  transform: 'hook',
  buildStart: 'function',
  buildEnd: 'function',
  watchChange: 'function',
  somon: 'any',
}

const RUNTIME_MEMBERS: Readonly<Record<string, Expected>> = {
  beforeLoad: 'function',
  built: 'function',
  instantiate: 'function',
  verify: 'function',
  retire: 'function',
}

/** Members of other tools' plugins, which somon does not call. */
const FOREIGN = new Set([
  'vite',
  'rollup',
  'rolldown',
  'webpack',
  'rspack',
  'esbuild',
  'writeBundle',
])

function checkFused(name: string, plugin: Readonly<Record<string, unknown>>): void {
  const { enforce, somon } = plugin
  if (enforce !== undefined && enforce !== 'pre' && enforce !== 'post') {
    refuse(name, `its "enforce" is ${kindOf(enforce)}; expected "pre" or "post"`)
  }
  if (somon === undefined) return
  if (!isRecord(somon)) refuse(name, `its "somon" is ${kindOf(somon)}; expected an object of hooks`)
  checkMembers(name, 'somon.', somon, RUNTIME_MEMBERS)
}

function checkMembers(
  name: string,
  path: string,
  value: Readonly<Record<string, unknown>>,
  members: Readonly<Record<string, Expected>>,
): void {
  for (const [key, member] of Object.entries(value)) {
    const expected = Object.hasOwn(members, key) ? members[key] : undefined
    if (expected === undefined) refuseMember(name, path, key, Object.keys(members))
    if (member === undefined || expected === 'any' || expected === 'text') continue
    if (expected === 'hook') checkHook(name, key, member)
    else if (typeof member !== 'function') {
      refuse(name, `its "${path}${key}" is ${kindOf(member)}; expected a function`)
    }
  }
  if ('setup' in members && typeof value.setup !== 'function') {
    refuse(name, `its "setup" is ${kindOf(value.setup)}; expected a function`)
  }
}

function refuseMember(name: string, path: string, key: string, known: readonly string[]): never {
  const reason = `it has no hook or member "${path}${key}"`
  const near = nearest(key, known)
  if (near !== undefined)
    refuse(name, `${reason}; did you mean "${path}${near}"`, `Rename it to "${near}"`)
  if (FOREIGN.has(key)) {
    refuse(name, reason, 'Give the plugin in its esbuild form, such as plugin.esbuild(options)')
  }
  refuse(name, `${reason}; known are ${known.map((member) => `"${member}"`).join(', ')}`)
}

function checkHook(name: string, key: string, hook: unknown): void {
  if (typeof hook === 'function') return
  if (!isRecord(hook) || typeof hook.handler !== 'function') {
    refuse(name, `its "${key}" is ${kindOf(hook)}; expected a function or { filter, handler }`)
  }
  const { filter } = hook
  if (filter === undefined) return
  if (!isRecord(filter))
    refuse(name, `the filter of "${key}" is ${kindOf(filter)}; expected { id, code }`)
  const known = key === 'transform' ? ['id', 'code'] : ['id']
  for (const [part, pattern] of Object.entries(filter)) {
    if (!known.includes(part)) refuseMember(name, `${key}.filter.`, part, known)
    if (pattern !== undefined && !isStringFilter(pattern)) {
      refuse(
        name,
        `the filter "${part}" of "${key}" is ${kindOf(pattern)}; expected texts or regular expressions`,
      )
    }
  }
}

function isStringFilter(value: unknown): boolean {
  if (isPattern(value)) return true
  if (!isRecord(value) || value instanceof RegExp) return false
  return Object.entries(value).every(
    ([key, part]) =>
      (key === 'include' || key === 'exclude') && (part === undefined || isPattern(part)),
  )
}

function isPattern(value: unknown): boolean {
  if (Array.isArray(value)) return value.every((item) => !Array.isArray(item) && isPattern(item))
  return typeof value === 'string' || value instanceof RegExp
}

function checkInputs(name: string, plugin: Readonly<Record<string, unknown>>): void {
  const { cacheKey, watch, env } = plugin
  if (cacheKey !== undefined && typeof cacheKey !== 'string' && typeof cacheKey !== 'function') {
    refuse(
      name,
      `its "cacheKey" is ${kindOf(cacheKey)}; expected a text or a function that returns one`,
    )
  }
  if (env !== undefined && !isTexts(env)) {
    refuse(name, `its "env" is ${kindOf(env)}; expected a list of names`)
  }
  if (watch === undefined) return
  if (!isRecord(watch)) refuse(name, `its "watch" is ${kindOf(watch)}; expected { files, dirs }`)
  for (const [key, list] of Object.entries(watch)) {
    if (key !== 'files' && key !== 'dirs') refuseMember(name, 'watch.', key, ['files', 'dirs'])
    if (list !== undefined && !isTexts(list)) {
      refuse(name, `its "watch.${key}" is ${kindOf(list)}; expected a list of paths`)
    }
  }
}

function refuse(plugin: string, reason: string, fix?: string): never {
  throw pluginInvalid(fix === undefined ? { plugin, reason } : { plugin, reason, fix })
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (typeof value === 'string') return `"${value}"`
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return Array.isArray(value) ? 'a list' : `a value of type ${typeof value}`
}
