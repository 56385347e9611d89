import { resolve } from 'node:path'
import { isSomonError } from '../../base/error.ts'
import type { SettingExplanation } from '../../config/explain.ts'
import { rowsByPath } from '../../config/rows.ts'
import type { Profile } from '../../config/setting-row.ts'
import type { Settings } from '../../config/settings.ts'
import { resolveSettings } from '../../config/sources.ts'
import { checkedSettings } from '../../system/live-settings.ts'
import type { CommandContext } from '../command.ts'
import { extraOperand, missingOperand } from '../errors.ts'
import { EXIT } from '../host.ts'
import { projectSources } from '../open-project.ts'

/** `somon config`: what the settings of the project are, where they come from, and if they hold. */
export async function run(context: CommandContext): Promise<number> {
  const [action = '', operand, ...more] = context.operands
  const [extra] = action === 'schema' ? context.operands.slice(1) : more
  if (extra !== undefined) {
    throw extraOperand({ command: 'config', operand: extra, usage: USAGE[action as Action] })
  }
  return ACTIONS[action as Action](context, operand)
}

type Action = 'get' | 'explain' | 'schema' | 'validate'

const USAGE: Readonly<Record<Action, string>> = {
  get: 'somon config get [setting]',
  explain: 'somon config explain <setting>',
  schema: 'somon config schema',
  validate: 'somon config validate [file]',
}

const ACTIONS: Readonly<
  Record<Action, (context: CommandContext, operand: string | undefined) => Promise<number>>
> = { get, explain, schema, validate }

/** Prints one setting or a section of them, else all; as JSON, because some are lists and maps. */
async function get(context: CommandContext, path: string | undefined): Promise<number> {
  const { sources } = await projectSources(context, profileOf(context))
  const settings = checkedSettings(resolveSettings(sources))
  const value = path === undefined ? settings : await valueAt(settings, path)
  const text = JSON.stringify(value, printable, 2) ?? 'null'
  context.output.result(JSON.parse(text) as unknown, text)
  return EXIT.done
}

async function valueAt(settings: Settings, path: string): Promise<unknown> {
  const isSection = [...rowsByPath.keys()].some((known) => known.startsWith(`${path}.`))
  const { settingAt } = await import('../../config/explain.ts')
  const segments = isSection ? path.split('.') : settingAt(path).segments
  return segments.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : null),
    settings,
  )
}

/** Hooks of plugins: that they are there is what there is to print. */
function printable(key: string, value: unknown): unknown {
  if (typeof value === 'function') return `[function ${key}]`
  return value
}

async function explain(context: CommandContext, path: string | undefined): Promise<number> {
  if (path === undefined) {
    const example = 'somon config explain cache.maxEntries'
    throw missingOperand({ command: 'config', operand: '<setting>', example })
  }
  const { sources } = await projectSources(context, profileOf(context))
  const { explainSetting } = await import('../../config/explain.ts')
  const explanation = explainSetting(path, sources)
  context.output.result(explanation, explanationText(explanation))
  return EXIT.done
}

function explanationText(explanation: SettingExplanation): string {
  const { path, value, layers, env, flag, aliases, doc } = explanation
  const width = Math.max(...layers.map(({ source }) => source.length))
  return [
    `${path} = ${value}`,
    doc,
    ...layers.map((layer) => `  ${layer.source.padEnd(width)}  ${layer.value}  (${layer.at})`),
    `variables: ${env.join(', ') || 'none'}`,
    ...(flag === '' ? [] : [`flag: ${flag}`]),
    ...(aliases.length === 0 ? [] : [`other names: ${aliases.join(', ')}`]),
  ].join('\n')
}

/** The schema itself, for an editor: not wrapped, whatever `--json` says. */
async function schema({ output }: CommandContext): Promise<number> {
  const { configSchema } = await import('../../config/json-schema.ts')
  output.raw(`${JSON.stringify(configSchema(), undefined, 2)}\n`)
  return EXIT.done
}

/** Faults are what was asked for: each with its place, and 1 as the exit code. */
async function validate(context: CommandContext, file: string | undefined): Promise<number> {
  const { output, host } = context
  const given = file === undefined ? undefined : resolve(host.cwd, file)
  try {
    const { sources, configFile } = await projectSources(context, profileOf(context), given)
    checkedSettings(resolveSettings(sources))
    const text = `${configFile ?? 'no configuration file'}: all settings are valid`
    output.result({ file: configFile ?? null }, text)
    return EXIT.done
  } catch (error) {
    if (!isSomonError(error) || !error.code.startsWith('SOMON_CONFIG_')) throw error
    output.error(error)
    return EXIT.failed
  }
}

/** Some defaults depend on what a system is for. */
function profileOf({ flags }: CommandContext): Profile {
  return (flags.text('profile') as Profile | undefined) ?? 'library'
}
