import * as v from 'valibot'
import { Secret } from '../base/secret.ts'
import { formatBytes, parseBytes, parseDuration } from '../base/units.ts'
import type { DependencySettings } from './guard-settings.ts'
import type { SettingKind } from './parse.ts'
import type { PluginSetting } from './settings.ts'

/** Node turns longer delays into 1 ms. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1

/** What values a setting takes, and how they are checked. */
export interface Kind<Value> {
  readonly kind: SettingKind
  readonly unit: 'ms' | 'bytes' | null
  readonly expected: string
  readonly choices: readonly string[]
  /** Made at the first call: a start that sets little needs few of them. */
  schema(): v.GenericSchema<unknown, Value>
}

/** Checks a value; undefined when it is not accepted. */
export function readValue<Value>(
  kind: Kind<Value>,
  value: unknown,
): { readonly value: Value } | undefined {
  const result = v.safeParse(kind.schema(), value)
  return result.success ? { value: result.output } : undefined
}

function kindOf<Value>(
  kind: SettingKind,
  expected: string,
  make: () => v.GenericSchema<unknown, Value>,
  more: Partial<Pick<Kind<Value>, 'unit' | 'choices'>> = {},
): Kind<Value> {
  let made: v.GenericSchema<unknown, Value> | undefined
  const schema = (): v.GenericSchema<unknown, Value> => (made ??= make())
  return { kind, expected, schema, unit: null, choices: [], ...more }
}

function filled(): v.GenericSchema<unknown, string> {
  return v.pipe(v.string(), v.minLength(1))
}

export function text(expected: string): Kind<string> {
  return kindOf('text', expected, filled)
}

export function filePath(): Kind<string> {
  return kindOf('path', 'a path', filled)
}

export function secret(minBytes: number): Kind<Secret> {
  const isLong = (value: string): boolean => Buffer.byteLength(value) >= minBytes
  const schema = (): v.GenericSchema<unknown, Secret> =>
    v.union([
      v.pipe(
        v.string(),
        v.check(isLong),
        v.transform((value) => new Secret(value)),
      ),
      v.pipe(
        v.instance(Secret),
        v.check((value) => isLong(value.reveal())),
      ),
    ])
  return kindOf('secret', `a secret of at least ${minBytes} bytes`, schema)
}

export function optional<Value>(kind: Kind<Value>): Kind<Value | null> {
  const { unit, choices } = kind
  return kindOf(kind.kind, kind.expected, () => v.nullable(kind.schema()), { unit, choices })
}

export function boolean(): Kind<boolean> {
  return kindOf('boolean', 'true or false', () => v.boolean())
}

export function choice<const Choice extends string>(...choices: readonly Choice[]): Kind<Choice> {
  const expected = `one of ${choices.map((word) => `"${word}"`).join(', ')}`
  return kindOf('choice', expected, () => v.picklist(choices), { choices })
}

export function booleanOr<const Choice extends string>(
  ...choices: readonly Choice[]
): Kind<boolean | Choice> {
  const expected = `true, false or one of ${choices.map((word) => `"${word}"`).join(', ')}`
  const schema = (): v.GenericSchema<unknown, boolean | Choice> =>
    v.union([v.boolean(), v.picklist(choices)])
  return kindOf('boolean-or-choice', expected, schema, { choices })
}

export function integer(min: number, max: number): Kind<number> {
  const schema = (): v.GenericSchema<unknown, number> =>
    v.pipe(v.number(), v.safeInteger(), v.minValue(min), v.maxValue(max))
  return kindOf('integer', `a whole number from ${min} to ${max}`, schema)
}

export function number(min: number, max: number): Kind<number> {
  const schema = (): v.GenericSchema<unknown, number> =>
    v.pipe(v.number(), v.finite(), v.minValue(min), v.maxValue(max))
  return kindOf('number', `a number from ${min} to ${max}`, schema)
}

/** A rate of 0 would open a circuit that has never failed. */
export function share(): Kind<number> {
  return kindOf('number', 'a number above 0, at most 1', shareSchema)
}

function shareSchema(): v.GenericSchema<unknown, number> {
  return v.pipe(v.number(), v.finite(), v.gtValue(0), v.maxValue(1))
}

export function duration(minMs: number, maxMs: number): Kind<number> {
  const expected = `a duration from ${minMs} to ${maxMs} ms such as 250 or "30s"`
  return kindOf('duration', expected, () => quantity(parseDuration, minMs, maxMs), { unit: 'ms' })
}

export function timeout(): Kind<number> {
  return duration(0, MAX_TIMER_MS)
}

/** undici looks at idle bodies about once a second. */
export function idle(): Kind<number> {
  const expected = `0, or a duration from 1000 to ${MAX_TIMER_MS} ms such as "30s"`
  const schema = (): v.GenericSchema<unknown, number> =>
    v.pipe(
      quantity(parseDuration, 0, MAX_TIMER_MS),
      v.check((value) => value === 0 || value >= 1000),
    )
  return kindOf('duration', expected, schema, { unit: 'ms' })
}

export function bytes(min: number): Kind<number> {
  const most = Number.MAX_SAFE_INTEGER
  const least = min === 0 ? '' : ` of at least ${formatBytes(min)}`
  const expected = `a byte size${least} such as "512MiB"`
  return kindOf('bytes', expected, () => quantity(parseBytes, min, most), { unit: 'bytes' })
}

function quantity(
  parse: (value: string | number) => number | undefined,
  min: number,
  max: number,
): v.GenericSchema<unknown, number> {
  return v.pipe(
    v.union([v.number(), v.string()]),
    v.transform((value) => parse(value) ?? NaN),
    v.safeInteger(),
    v.minValue(min),
    v.maxValue(max),
  )
}

export function list(of: string): Kind<readonly string[]> {
  return kindOf('list', `a list of ${of}`, () => v.array(filled()))
}

export function map(of: string): Kind<Readonly<Record<string, string>>> {
  return kindOf('map', `a table of texts, or ${of} pairs`, () => v.record(v.string(), v.string()))
}

/** Read member by member, as sections are. */
export function dependencies(): Kind<Readonly<Record<string, DependencySettings>>> {
  return kindOf('open-map', 'a table of dependencies by name', () =>
    v.custom<Readonly<Record<string, DependencySettings>>>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
    ),
  )
}

export function plugins(): Kind<readonly PluginSetting[]> {
  return kindOf('list', 'a list of plugins, package names or [name, options]', () => {
    const named = v.tuple([filled(), v.unknown()])
    return v.array(v.union([filled(), named, v.custom<object>(isPlugin)]))
  })
}

function isPlugin(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && 'name' in value
}
