import { nearest } from '../base/nearest.ts'
import { dependencySpecs, stageSpecs } from './guard-specs.ts'
import { segmentedVariableOf } from './names.ts'
import { toRow, type SchemaRow, type Spec } from './setting-spec.ts'
import type { SettingRow } from './setting-row.ts'

/** Where the dependencies lie. */
export const DEPENDENCIES = 'guard.dependencies'

/** The rows of one dependency by their path below its name: its own, and those of the stages. */
export const dependencyTable: ReadonlyMap<string, SchemaRow> = new Map(
  Object.entries({ ...dependencySpecs, ...stageSpecs }).map(([path, spec]) => [
    path,
    toRow(path, spec as Spec<unknown>),
  ]),
)

/** The row of one setting of one dependency; undefined when there is no such setting. */
export function dependencyRow(name: string, path: string): SettingRow | undefined {
  const row = dependencyTable.get(path)
  if (row === undefined) return undefined
  const { kind, unit, expected, choices, flag, switches, secret, live, doc } = row
  return {
    ...{ kind, unit, expected, choices, flag, switches, secret, live, doc },
    defaultFor: (profile, machine) => row.defaultFor(profile, machine),
    read: (value) => row.read(value),
    path: `${DEPENDENCIES}.${name}.${path}`,
    segments: [...DEPENDENCIES.split('.'), name, ...row.segments],
    env: [`${VARIABLE_PREFIX}${folded(name)}__${variableWords(path)}`],
    aliases: [],
    defaultText: path in stageSpecs ? `of guard.${path}` : row.defaultText,
  }
}

/** The row of a full path; names may have dots, so the longest known end counts. */
export function dependencyRowAt(path: string): SettingRow | undefined {
  if (!path.startsWith(`${DEPENDENCIES}.`)) return undefined
  const rest = path.slice(DEPENDENCIES.length + 1)
  const end = [...dependencyTable.keys()]
    .filter((known) => rest.endsWith(`.${known}`))
    .toSorted((a, b) => b.length - a.length)[0]
  return end === undefined ? undefined : dependencyRow(rest.slice(0, -end.length - 1), end)
}

/**
 * The row of `SOMON_GUARD__DEPENDENCIES__<NAME>__<SETTING>`.
 *
 * @param names - the dependencies that other sources name: a variable has no lower case and no
 *   signs, so it means one of them if it can
 */
export function dependencyRowOfVariable(
  variable: string,
  names: readonly string[],
): SettingRow | undefined {
  if (!variable.startsWith(VARIABLE_PREFIX)) return undefined
  const [name = '', ...words] = variable.slice(VARIABLE_PREFIX.length).split('__')
  const path = [...dependencyTable.keys()].find(
    (known) => variableWords(known) === words.join('__'),
  )
  if (name === '' || path === undefined) return undefined
  const meant = names.find((known) => folded(known) === name.toUpperCase())
  return dependencyRow(meant ?? name.toLowerCase(), path)
}

/** The dependencies that variables declare. */
export function dependenciesOfVariables(
  variables: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  return Object.keys(variables).flatMap((variable) => {
    const [name, setting] = variable.startsWith(VARIABLE_PREFIX)
      ? variable.slice(VARIABLE_PREFIX.length).split('__')
      : []
    return name !== undefined && (setting === 'KIND' || setting === 'MATCH')
      ? [name.toLowerCase()]
      : []
  })
}

/**
 * The variable that is meant by one for a dependency that nobody declares, as far as that is sure:
 * guards in code and undeclared origins have settings too, and their names may differ by a number.
 */
export function meantVariable(variable: string, names: readonly string[]): string | undefined {
  if (!variable.startsWith(VARIABLE_PREFIX)) return undefined
  const [name = '', ...words] = variable.slice(VARIABLE_PREFIX.length).split('__')
  const known = names.map(folded)
  const near = known.includes(name.toUpperCase()) ? undefined : nearest(name, known)
  if (near === undefined || withoutDigits(near) === withoutDigits(name.toUpperCase()))
    return undefined
  return [VARIABLE_PREFIX + near, ...words].join('__')
}

function withoutDigits(name: string): string {
  return name.replaceAll(/\d/g, '')
}

/** The start of the variables of dependencies. */
export const VARIABLE_PREFIX = 'SOMON_GUARD__DEPENDENCIES__'

/** A name as a variable has it: without case, everything but letters and digits as `_`. */
function folded(name: string): string {
  return name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
}

function variableWords(path: string): string {
  return segmentedVariableOf(path).slice('SOMON_'.length)
}
