import { dirname, resolve } from 'node:path'
import { nearest } from '../base/nearest.ts'
import type { DotEnv, Environment } from './env.ts'
import { configNotLive, configUnknownKey } from './errors.ts'
import { dependenciesOfVariables } from './dependency-rows.ts'
import type { ConfigFile } from './file.ts'
import type { SettingsChanges, SettingsInput } from './input.ts'
import { Faults, LayerBuilder, type Entry, type Layer } from './layer.ts'
import { readObjectLayer } from './object-layer.ts'
import { rowsByPath } from './rows.ts'
import { settingsTable } from './schema.ts'
import type { Profile, SettingRow } from './setting-row.ts'
import type { Settings } from './settings.ts'
import { readVariableLayer } from './variable-layer.ts'

export type { SettingsChanges, SettingsInput } from './input.ts'

/** Everything settings are made from. */
export interface SettingSources {
  readonly profile: Profile
  readonly env: Environment
  /** The options of a program. */
  readonly options?: SettingsInput | undefined
  /** Values of flags by setting path: text, true, or a list of texts. */
  readonly flags?: Readonly<Record<string, unknown>> | undefined
  readonly file?: ConfigFile | undefined
  readonly dotEnv?: DotEnv | undefined
  /** What was changed in the running system, the oldest first; the strongest. */
  readonly runtime?: readonly SettingsChanges[] | undefined
}

/**
 * Makes the settings of a system: defaults < file < `.env` < environment < flags or options.
 *
 * Every source is checked completely, also where a stronger one wins, and all faults are reported
 * at once. The result is deeply frozen; relative paths of a file refer to its folder, those of
 * variables and flags to the working folder, those of options and defaults to the root.
 *
 * @throws SomonError SOMON_CONFIG_INVALID with every fault in `errors`; SOMON_CONFIG_NOT_AVAILABLE
 *   when the only trouble are settings of a later version
 */
export function resolveSettings(sources: SettingSources): Settings {
  const layers = collectLayers(sources)
  const rootRow = rowsByPath.get('root')
  const root = rootRow === undefined ? sources.env.cwd : pathOf(rootRow, layers, sources)
  const settings = {}
  for (const row of settingsTable) {
    // Filled below, member by member.
    if (row.kind === 'open-map') sectionAt(settings, row.segments)
    else place(settings, row.segments, valueOf(row, layers, sources, root))
  }
  placeDependencies(settings, layers)
  return deepFreeze(settings, 5) as Settings
}

/** Reads and checks every source, weakest first, without the defaults. */
export function collectLayers(sources: SettingSources): readonly Layer[] {
  const { env, options, flags, file, dotEnv, runtime = [] } = sources
  const dependencies = [
    ...[file?.values, options, ...runtime].flatMap(dependencyNames),
    ...[dotEnv?.variables ?? {}, env.variables].flatMap(dependenciesOfVariables),
  ]
  const faults = new Faults()
  const layers: Layer[] = []
  if (file !== undefined) layers.push(readFileLayer(file, sources, faults))
  if (dotEnv !== undefined) {
    const { variables, file: name } = dotEnv
    const from = { source: '.env', variables, file: name, environment: env, dependencies } as const
    layers.push(readVariableLayer(from, faults))
  }
  const own = { source: 'env', variables: env.variables, file: null } as const
  layers.push(readVariableLayer({ ...own, environment: env, dependencies }, faults))
  if (flags !== undefined) layers.push(readFlagLayer(flags, env.cwd, faults))
  if (options !== undefined) layers.push(readOptionLayer('option', options, faults))
  const changes = runtime.map((change) => readRuntimeLayer(change, faults))
  layers.push(...changes.map((layer, at) => without(layer, changes.slice(at + 1))))
  faults.throwIfAny()
  return layers
}

/** What of a change later ones have not taken back. */
function without(change: Layer, later: readonly Layer[]): Layer {
  const back = later.flatMap(({ takenBack }) => takenBack)
  const isBack = ({ row }: Entry): boolean =>
    back.some((path) => path.every((segment, at) => row.segments[at] === segment))
  return { ...change, entries: new Map([...change.entries].filter(([, entry]) => !isBack(entry))) }
}

/** All changes as one, each setting under its path: a later one may have used another name. */
export function mergedChanges(layers: readonly Layer[]): SettingsInput {
  const values = {}
  for (const { source, entries } of layers) {
    if (source !== 'runtime') continue
    for (const { row, value } of entries.values()) place(values, row.segments, value)
  }
  return values
}

/** The strongest entry of a setting, undefined when only its default applies. */
function winnerOf(path: string, layers: readonly Layer[]): Entry | undefined {
  return layers.findLast((layer) => layer.entries.has(path))?.entries.get(path)
}

function readFileLayer(file: ConfigFile, sources: SettingSources, faults: Faults): Layer {
  const { env, dotEnv } = sources
  const variables = { ...dotEnv?.variables, ...env.variables }
  return readObjectLayer(
    {
      source: 'file',
      values: file.values,
      base: dirname(file.file),
      variables: file.interpolates ? variables : null,
      placeOf(path) {
        const { location } = file.detailsOf(path)
        return location === undefined
          ? file.name
          : `${file.name}:${location.line}:${location.column}`
      },
      detailsOf: (path) => file.detailsOf(path),
    },
    faults,
  )
}

function readOptionLayer(
  source: 'option' | 'runtime',
  options: SettingsChanges,
  faults: Faults,
): Layer {
  return readObjectLayer(
    {
      source,
      values: { ...options },
      base: null,
      variables: null,
      placeOf: () => (source === 'option' ? 'the options' : 'the change'),
      detailsOf: () => ({}),
    },
    faults,
  )
}

/** What cannot change any more is refused, or the change would be lost in silence. */
function readRuntimeLayer(changes: SettingsChanges, faults: Faults): Layer {
  const layer = readOptionLayer('runtime', changes, faults)
  for (const { row } of layer.entries.values()) {
    if (!row.live) faults.add(configNotLive({ setting: row.path }))
  }
  return layer
}

function readFlagLayer(
  flags: Readonly<Record<string, unknown>>,
  base: string,
  faults: Faults,
): Layer {
  const builder = new LayerBuilder('flag', faults)
  for (const [path, raw] of Object.entries(flags)) {
    if (raw === undefined) continue
    const row = rowsByPath.get(path)
    if (row === undefined) {
      const near = nearest(path, rowsByPath.keys()) ?? null
      faults.add(configUnknownKey({ key: path, from: 'the flags', nearest: near }))
      continue
    }
    const at = row.flag
    builder.add({ row, writtenAs: at, raw, isText: true, at, base, details: {} })
  }
  return builder.layer()
}

function valueOf(
  row: SettingRow,
  layers: readonly Layer[],
  sources: SettingSources,
  root: string,
): unknown {
  if (row.path === 'root') return root
  const entry = winnerOf(row.path, layers)
  const value = entry === undefined ? row.defaultFor(sources.profile, sources.env) : entry.value
  if (row.kind !== 'path' || typeof value !== 'string') return value
  return resolve(entry?.base ?? root, value)
}

/** The root itself cannot refer to the root. */
function pathOf(row: SettingRow, layers: readonly Layer[], sources: SettingSources): string {
  const { profile, env } = sources
  const entry = winnerOf(row.path, layers)
  const value = entry === undefined ? row.defaultFor(profile, env) : entry.value
  return resolve(entry?.base ?? env.cwd, String(value))
}

/** The dependencies of a source before it is checked. */
function dependencyNames(values: object | undefined): readonly string[] {
  const section: unknown = Object.entries(values ?? {}).find(([key]) => key === 'guard')?.[1]
  const [, names] = Object.entries(section ?? {}).find(([key]) => key === 'dependencies') ?? []
  return typeof names === 'object' && names !== null ? Object.keys(names) : []
}

/** Sources add to a dependency setting by setting, the strongest last. */
function placeDependencies(settings: Record<string, unknown>, layers: readonly Layer[]): void {
  for (const { entries } of layers) {
    for (const { row, value } of entries.values()) {
      if (rowsByPath.get(row.path) !== row) place(settings, row.segments, value)
    }
  }
}

function place(settings: Record<string, unknown>, path: readonly string[], value: unknown): void {
  sectionAt(settings, path.slice(0, -1))[path.at(-1) ?? ''] = ownCopy(value)
}

/** The section at a path; made if it is not there yet. */
function sectionAt(
  settings: Record<string, unknown>,
  path: readonly string[],
): Record<string, unknown> {
  let section = settings
  for (const key of path) {
    // A dependency may have the name of a property that every object has.
    const inner = (Object.hasOwn(section, key) ? section[key] : {}) as Record<string, unknown>
    section[key] = inner
    section = inner
  }
  return section
}

/** Lists and maps are ours to freeze; plugins in them stay what they are. */
function ownCopy(value: unknown): unknown {
  if (Array.isArray(value)) return Object.freeze([...value])
  if (typeof value !== 'object' || value === null) return value
  const isMap = Object.getPrototypeOf(value) === Object.prototype
  return isMap ? Object.freeze({ ...value }) : value
}

function deepFreeze(section: object, depth: number): object {
  for (const member of Object.values(section)) {
    if (depth > 0 && isPlainSection(member)) deepFreeze(member, depth - 1)
  }
  return Object.freeze(section)
}

function isPlainSection(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype &&
    !Object.isFrozen(value)
  )
}
