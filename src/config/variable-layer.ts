import { codeOf, messageOf } from '../base/error.ts'
import { nearest } from '../base/nearest.ts'
import { dependencyRowOfVariable, meantVariable } from './dependency-rows.ts'
import type { Environment } from './env.ts'
import { configSecretFile, configUnknownVariable } from './errors.ts'
import { judgeLaterVariable } from './later.ts'
import { LayerBuilder, type Faults, type Layer } from './layer.ts'
import { rowsByVariable } from './rows.ts'
import type { SettingRow } from './setting-row.ts'

/** Variables that start with `SOMON_`, of the process or of a `.env` file. */
export interface VariableSource {
  readonly source: 'env' | '.env'
  readonly variables: Readonly<Record<string, string | undefined>>
  /** The file that holds them; null for the process's own. */
  readonly file: string | null
  readonly environment: Environment
  /** The dependencies that other sources name. */
  readonly dependencies: readonly string[]
}

/** Reads the settings of variables; those of tests and of Kubernetes are left alone. */
export function readVariableLayer(from: VariableSource, faults: Faults): Layer {
  const builder = new LayerBuilder(from.source, faults)
  let rows: Rows | undefined
  for (const name in from.variables) {
    if (!name.startsWith(PREFIX)) continue
    const value = from.variables[name]
    if (value === undefined || isForeign(name, value)) continue
    rows ??= rowsByVariable()
    const row = rows.get(name) ?? dependencyRowOfVariable(name, from.dependencies)
    const meant = meantVariable(name, from.dependencies)
    if (meant !== undefined) {
      const at = from.file ?? 'the environment'
      faults.add(configUnknownVariable({ variable: name, from: at, nearest: meant }))
    } else if (row !== undefined) addValue(builder, from, row, name, value)
    else if (!addSecretFile(builder, { ...from, rows }, name, value, faults)) {
      refuse({ ...from, rows }, name, value, faults)
    }
  }
  return builder.layer()
}

const PREFIX = 'SOMON_'

type Rows = ReturnType<typeof rowsByVariable>

interface NamedSource extends VariableSource {
  readonly rows: Rows
}

/**
 * A Kubernetes service named `somon-x` puts `SOMON_X_PORT=tcp://…` and its like into every pod;
 * https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables
 */
function isForeign(name: string, value: string): boolean {
  if (name.startsWith('SOMON_TEST_') || value.startsWith('tcp://')) return true
  return /_SERVICE_(?:HOST|PORT(?:_.+)?)$|_PORT_\d+_(?:TCP|UDP|SCTP)(?:_.+)?$/.test(name)
}

function addValue(
  builder: LayerBuilder,
  from: VariableSource,
  row: SettingRow,
  name: string,
  raw: string,
): void {
  const at = from.file === null ? name : `${name} in ${from.file}`
  const base = from.environment.cwd
  builder.add({ row, writtenAs: at, raw, isText: true, at, base, details: {} })
}

/** `<VARIABLE>_FILE` names a file that holds the secret. */
function addSecretFile(
  builder: LayerBuilder,
  from: NamedSource,
  variable: string,
  file: string,
  faults: Faults,
): boolean {
  const target = variable.endsWith('_FILE') ? variable.slice(0, -'_FILE'.length) : ''
  const row = from.rows.get(target)
  if (row === undefined || !row.secret) return false
  if (from.variables[target] !== undefined) {
    faults.add(
      configSecretFile({ variable, reason: `${target} is set too; one of them is needed` }),
    )
    return true
  }
  try {
    addValue(builder, from, row, variable, from.environment.readSecret(file))
  } catch (error) {
    const reason = codeOf(error) === 'ENOENT' ? 'the file does not exist' : messageOf(error)
    faults.add(configSecretFile({ variable, reason }, { cause: error }))
  }
  return true
}

function refuse(from: NamedSource, variable: string, value: string, faults: Faults): void {
  const verdict = judgeLaterVariable(variable.slice(PREFIX.length), value)
  const at = from.file ?? 'the environment'
  if (verdict === 'refused') faults.addLater(variable, at)
  if (verdict !== undefined) return
  // Without the prefix that all of them share: it would make any two of them alike.
  const names = [...from.rows.keys()].map((name) => name.slice(PREFIX.length))
  const similar = nearest(variable.slice(PREFIX.length), names)
  const near = similar === undefined ? null : PREFIX + similar
  faults.add(configUnknownVariable({ variable, from: at, nearest: near }))
}
