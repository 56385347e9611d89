import { expect } from 'vitest'
import { isSomonError } from '../../../src/base/error.ts'
import type { FusedPlugin } from '../../../src/bundle/plugin.ts'
import type { SettingsInput } from '../../../src/config/input.ts'
import { ModuleSystem } from '../../../src/system/module-system.ts'
import type { Fixture } from '../../support/fixture.ts'

/** How the effect of one setting is seen: the same steps, with different values. */
export interface EffectCase {
  readonly files?: Readonly<Record<string, string>>
  /** Values of the setting, each with what is observed then: no two observe the same. */
  readonly seen: readonly (readonly [value: unknown, observed: unknown])[]
  observe(value: unknown, fixture: Fixture, system: SystemMaker): Promise<unknown>
}

/** Makes a system over the fixture with the setting under test, and others beside it. */
export type SystemMaker = (more?: SettingsInput) => ModuleSystem

/** The cases of one section, by the rest of the path. */
export type EffectCases = Readonly<Record<string, EffectCase>>

/** Makes systems whose setting `path` is `value`; their disk cache is off unless it is asked for. */
export function systemMaker(fixture: Fixture, path: string, value: unknown): SystemMaker {
  return (more = {}) => {
    const base = { root: fixture.root, cache: { disk: { mode: 'off' } } }
    return new ModuleSystem(merged(merged(base, more), nested(path.split('.'), value)))
  }
}

/** The same systems, but they are running when the setting under test becomes `value`. */
export function liveMaker(fixture: Fixture, path: string, value: unknown): SystemMaker {
  return (more = {}) => {
    const base = { root: fixture.root, cache: { disk: { mode: 'off' } } }
    const system = new ModuleSystem(merged(base, more))
    // The guard that most cases call is there before the change, as in what runs for long.
    if (path !== 'guard.maxGuards') expect(system.guard('payments').state).not.toBe('open')
    system.configure(nested(path.split('.'), value))
    return system
  }
}

/** The code of what a promise rejects with, else `done`. */
export async function outcomeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'done'
  } catch (error) {
    if (isSomonError(error)) return error.code
    throw error
  }
}

export function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** What takes long enough for a limit of `SHORT_MS` and not for `LONG_MS`. */
export const SLOW_MS = 300
export const SHORT_MS = 30
export const LONG_MS = 20_000

function slowly(): Promise<void> {
  return delay(SLOW_MS)
}

/** A plugin that waits in one of its hooks. */
export function slowPlugin(hook: 'transform' | 'beforeLoad' | 'verify'): FusedPlugin {
  const name = `slow-${hook}`
  if (hook !== 'transform') return { name, cacheKey: '1', somon: { [hook]: slowly } }
  return {
    name,
    cacheKey: '1',
    async transform() {
      await slowly()
      return null
    },
  }
}

/** A plugin whose builds wait until they are let go. */
export function gatePlugin(): { readonly plugin: FusedPlugin; readonly open: () => void } {
  const gate = Promise.withResolvers<void>()
  const plugin: FusedPlugin = {
    name: 'gate',
    cacheKey: '1',
    async transform() {
      await gate.promise
      return null
    },
  }
  return { plugin, open: () => gate.resolve() }
}

/** A dependency that is installed and not declared. */
export const WITH_DEP: Readonly<Record<string, string>> = {
  'package.json': '{"name":"app","type":"module"}',
  'node_modules/dep/package.json':
    '{"name":"dep","exports":{"custom":"./custom.js","default":"./index.js"}}',
  'node_modules/dep/index.js': 'exports.dep = "default"',
  'node_modules/dep/custom.js': 'exports.dep = "custom"',
  'main.ts': "import { dep } from 'dep'\nexport const value: string = dep\n",
  'local.ts': 'export const dep = "local"',
}

type Values = Readonly<Record<string, unknown>>

function nested(path: readonly string[], value: unknown): Values {
  const [key = '', ...rest] = path
  return { [key]: rest.length === 0 ? value : nested(rest, value) }
}

function merged(one: object, other: object): Values {
  const result: Record<string, unknown> = { ...one }
  for (const [key, value] of Object.entries(other)) {
    const before = result[key]
    result[key] = isSection(before) && isSection(value) ? merged(before, value) : value
  }
  return result
}

function isSection(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype &&
    !('name' in value)
  )
}
