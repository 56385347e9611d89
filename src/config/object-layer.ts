import type { ErrorDetails } from '../base/error.ts'
import { nearest } from '../base/nearest.ts'
import { DEPENDENCIES, dependencyRow, dependencyTable } from './dependency-rows.ts'
import { configDuplicate, configUnknownKey, configUnsetVariable, configValue } from './errors.ts'
import { interpolate, InterpolatedText } from './interpolate.ts'
import { judgeLaterKey } from './later.ts'
import { LayerBuilder, type Faults, type Layer, type SourceName } from './layer.ts'
import { camelCase } from './names.ts'
import { aliasRows, rowsByPath } from './rows.ts'
import type { SettingRow } from './setting-row.ts'

/** An object with settings, and how to speak of its parts. */
export interface SettingsObject {
  readonly source: SourceName
  readonly values: Readonly<Record<string, unknown>>
  /** What relative paths refer to; null means the project root. */
  readonly base: string | null
  /** Variables for `${NAME}`; null leaves texts as they are. */
  readonly variables: Readonly<Record<string, string | undefined>> | null
  /** Names the place of a key, by its path as it is written. */
  placeOf(path: readonly string[]): string
  detailsOf(path: readonly string[]): ErrorDetails
}

/** Reads nested settings, of a file or of a program's options. */
export function readObjectLayer(object: SettingsObject, faults: Faults): Layer {
  const walk = new Walk(object, faults)
  walk.section(object.values, [], '')
  return walk.builder.layer()
}

class Walk {
  readonly builder: LayerBuilder
  readonly #object: SettingsObject
  readonly #faults: Faults

  constructor(object: SettingsObject, faults: Faults) {
    this.#object = object
    this.#faults = faults
    this.builder = new LayerBuilder(object.source, faults)
  }

  section(values: object, written: readonly string[], path: string): void {
    this.#members(values, written, path, (member, value, here) => this.#member(member, value, here))
  }

  #members(
    values: object,
    written: readonly string[],
    path: string,
    visit: (path: string, value: unknown, written: readonly string[]) => void,
  ): void {
    const spellings = new Map<string, string>()
    for (const [key, value] of Object.entries(values)) {
      if (value === undefined || (path === '' && key === '$schema')) continue
      const name = camelCase(key)
      const here = [...written, key]
      const earlier = spellings.get(name)
      spellings.set(name, key)
      const full = path === '' ? name : `${path}.${name}`
      if (earlier === undefined) visit(full, value, here)
      else {
        const spelled = { first: earlier, second: key, from: this.#object.placeOf(here) }
        this.#faults.add(
          configDuplicate({ setting: full, ...spelled }, this.#object.detailsOf(here)),
        )
      }
    }
  }

  /** An open map: its keys are names, which are taken as they are. */
  #dependencies(values: object, written: readonly string[]): void {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) continue
      const here = [...written, name]
      if (NO_NAMES.has(name) || /\p{Cc}/u.test(name)) this.#refuseKey(here, undefined)
      else if (this.#takesBack(value)) this.builder.takeBack([...DEPENDENCIES.split('.'), name])
      else if (isPlainObject(value)) this.#dependency(name, value, here, '')
      else this.#refuseSection(`${DEPENDENCIES}.${name}`, value, here)
    }
  }

  #dependency(name: string, values: object, written: readonly string[], path: string): void {
    this.#members(values, written, path, (member, value, here) => {
      const row = dependencyRow(name, member)
      const isBack = this.#takesBack(value) && (row?.live ?? isDependencySection(member))
      if (isBack) {
        this.builder.takeBack([...DEPENDENCIES.split('.'), name, ...member.split('.')])
      } else if (row !== undefined) this.#value(row, value, here)
      else if (!isDependencySection(member)) {
        this.#refuseKey(here, nearest(member, dependencyTable.keys()))
      } else if (isPlainObject(value)) this.#dependency(name, value, here, member)
      else this.#refuseSection(`${DEPENDENCIES}.${name}.${member}`, value, here)
    })
  }

  #member(path: string, value: unknown, written: readonly string[]): void {
    const row = rowsByPath.get(path) ?? aliasRows.get(path)
    if (this.#takesBack(value) && (row?.live ?? isLiveSection(path))) {
      return this.builder.takeBack(row?.segments ?? path.split('.'))
    }
    if (path === DEPENDENCIES && isPlainObject(value)) return this.#dependencies(value, written)
    if (row !== undefined) return this.#value(row, value, written)
    const verdict = judgeLaterKey(path, value)
    if (verdict === 'already-off') return undefined
    if (verdict === 'refused' && !holdsAlias(path, value)) {
      return this.#refuseLater(path, value, written)
    }
    if (!isSection(path)) return this.#refuseKey(written, nearestKey(path, value))
    if (isPlainObject(value)) return this.section(value, written, path)
    // A section given as a boolean means its member `enabled`.
    const enabled = `${path}.enabled`
    const isSwitch = rowsByPath.has(enabled) || judgeLaterKey(enabled, value) !== undefined
    if (typeof value === 'boolean' && isSwitch) return this.#member(enabled, value, written)
    return this.#refuseSection(path, value, written)
  }

  /** Only a change of a running system has something before it to go back to. */
  #takesBack(value: unknown): boolean {
    return value === null && this.#object.source === 'runtime'
  }

  #refuseKey(written: readonly string[], near: string | undefined): void {
    const from = this.#object.placeOf(written)
    const data = { key: written.join('.'), from, nearest: near ?? null }
    this.#faults.add(configUnknownKey(data, this.#object.detailsOf(written)))
  }

  #refuseSection(setting: string, value: unknown, written: readonly string[]): void {
    const from = this.#object.placeOf(written)
    const text = JSON.stringify(value) ?? String(value)
    const expected = 'a section with settings'
    this.#faults.add(
      configValue(
        { setting, value: text, from, expected, default: '{}' },
        this.#object.detailsOf(written),
      ),
    )
  }

  /** `{ enabled: false }` says the same as `false`; anything else in the section is refused. */
  #refuseLater(path: string, value: unknown, written: readonly string[]): void {
    if (!isPlainObject(value) || Object.keys(value).length === 0) {
      return this.#faults.addLater(path, this.#object.placeOf(written))
    }
    return this.section(value, written, path)
  }

  #value(row: SettingRow, value: unknown, written: readonly string[]): void {
    const at = this.#object.placeOf(written)
    const details = this.#object.detailsOf(written)
    const { variables, base } = this.#object
    let raw = value
    if (variables !== null) {
      const replaced = interpolateDeep(value, variables)
      if (replaced.missing !== undefined) {
        const { missing } = replaced
        const data = { variable: missing, setting: row.path, from: at }
        return this.#faults.add(configUnsetVariable(data, details))
      }
      raw = replaced.value
    }
    const isText = raw instanceof InterpolatedText
    const writtenAs = written.map(camelCase).join('.')
    const plain = raw instanceof InterpolatedText ? raw.text : raw
    return this.builder.add({ row, writtenAs, raw: plain, isText, at, base, details })
  }
}

/** What an endpoint means already, and what an object cannot hold. */
const NO_NAMES: ReadonlySet<string> = new Set(['', 'reset', '__proto__'])

interface Interpolated {
  readonly value: unknown
  readonly missing?: string
}

/** Inside lists and maps everything is text anyway; only a whole value keeps its mark. */
function interpolateDeep(
  value: unknown,
  variables: Readonly<Record<string, string | undefined>>,
): Interpolated {
  if (typeof value === 'string') {
    const result = interpolate(value, variables)
    if (typeof result === 'string' || result instanceof InterpolatedText) return { value: result }
    return { value, missing: result.missing }
  }
  if (!Array.isArray(value) && !isPlainObject(value)) return { value }
  const parts = Object.entries(value).map(
    ([key, item]) => [key, interpolateDeep(item, variables)] as const,
  )
  const fault = parts.find(([, part]) => part.missing !== undefined)
  if (fault?.[1].missing !== undefined) return { value, missing: fault[1].missing }
  const plain = parts.map(([key, { value: item }]) => {
    return [key, item instanceof InterpolatedText ? item.text : item] as const
  })
  return {
    value: Array.isArray(value) ? plain.map(([, item]) => item) : Object.fromEntries(plain),
  }
}

/** The setting or section that is probably meant; what holds an object is meant as a section. */
function nearestKey(path: string, value: unknown): string | undefined {
  const settings = [...rowsByPath.keys(), ...aliasRows.keys()]
  const sections = [...rowsByPath.keys()].map((known) => known.slice(0, known.lastIndexOf('.')))
  const section = isPlainObject(value) ? nearest(path, sections) : undefined
  return section ?? nearest(path, [...settings, ...sections])
}

function isDependencySection(path: string): boolean {
  return [...dependencyTable.keys()].some((known) => known.startsWith(`${path}.`))
}

function isLiveSection(path: string): boolean {
  return [...rowsByPath.values()].some((row) => row.live && row.path.startsWith(`${path}.`))
}

function isSection(path: string): boolean {
  const prefix = `${path}.`
  return [...rowsByPath.keys(), ...aliasRows.keys()].some((known) => known.startsWith(prefix))
}

/** `features` and `logging` belong to later versions, but some of their members are aliases. */
function holdsAlias(path: string, value: unknown): boolean {
  return isPlainObject(value) && isSection(path)
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false
  // smol-toml makes objects without a prototype; a vm or another realm has its own.
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
