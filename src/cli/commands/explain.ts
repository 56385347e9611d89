import { resolve, sep } from 'node:path'
import { isModuleUrl } from '../../base/project-path.ts'
import type { Explanation } from '../../load/explanation.ts'
import type { ResolutionStep, Resolver } from '../../resolve/resolution.ts'
import { explainImport } from '../../system/explain-import.ts'
import type { CommandContext } from '../command.ts'
import { entryOf } from '../entries.ts'
import { EXIT } from '../host.ts'
import { openProject, openResolver } from '../open-project.ts'
import { flagConflict } from '../errors.ts'

/** `somon explain`: how something is found, and what the cache holds of it. */
export async function run(context: CommandContext): Promise<number> {
  const { operands, host, flags, output } = context
  const [operand = ''] = operands
  const from = flags.text('from')
  if (from !== undefined && flags.isOn('cache')) {
    throw flagConflict({
      flag: '--cache',
      because: 'with --from an import is explained, and only entries are cached',
      instead: 'Leave --cache or --from out',
    })
  }
  if (await explainsImport(context, operand, from)) return EXIT.done
  await using project = await openProject(context)
  const explanation = await project.system.explain(entryOf(operand, host.cwd))
  const onlyCache = flags.isOn('cache') && !flags.isOn('resolve')
  const onlyResolve = flags.isOn('resolve') && !flags.isOn('cache')
  const { entry, resolution, ...cache } = explanation
  const value = onlyCache ? { entry, ...cache } : onlyResolve ? { entry, resolution } : explanation
  const parts = [onlyCache ? '' : steps(resolution), onlyResolve ? '' : story(explanation)]
  output.result(value, [entry, ...parts.filter((part) => part !== '')].join('\n'))
  return EXIT.done
}

/**
 * Explains an import: with `--from` any specifier, without it what can only be one. It is then
 * looked up from the project root. What leads nowhere is left to the error that entries get.
 *
 * @returns false when the operand is to be explained as an entry
 */
async function explainsImport(
  context: CommandContext,
  operand: string,
  from: string | undefined,
): Promise<boolean> {
  const { host, flags, output } = context
  const isName = entryOf(operand, host.cwd) === operand && !isModuleUrl(operand)
  if (from === undefined && (!isName || flags.isOn('cache'))) return false
  const { resolver, plugins, root } = await openResolver(context)
  const rootFolder = root + sep
  const importer = from === undefined ? rootFolder : resolve(host.cwd, from)
  if (from === undefined && isPath(resolver, operand, rootFolder)) return false
  const parts = { plugins: plugins.host, resolver }
  const { steps: found, answered } = await explainImport(parts, operand, importer, 'import')
  if (from === undefined && !answered && leadsNowhere(resolver, operand, rootFolder)) return false
  const value = { specifier: operand, importer: from ?? '.', resolution: found }
  const heading = from === undefined ? [`"${operand}", imported from the project root`] : []
  output.result(value, [...heading, steps(found)].join('\n'))
  return true
}

/** An entry may be named without `./` and without its extension. */
function isPath(resolver: Resolver, operand: string, root: string): boolean {
  return resolver.resolve(`./${operand}`, root, 'entry').class === 'source'
}

function leadsNowhere(resolver: Resolver, operand: string, root: string): boolean {
  const found = resolver.resolve(operand, root, 'import')
  if (found.class === 'external') return found.file === undefined && found.fault === undefined
  return found.class === 'missing'
}

function steps(resolution: readonly ResolutionStep[]): string {
  return resolution.map(({ step, result }) => `  ${step}: ${result}`).join('\n')
}

function story(explanation: Explanation): string {
  const { answeredBy, because, uncacheable, inputs, artifact, importers, generations } = explanation
  const lines = [`  cache: ${ANSWERS[answeredBy]}`]
  if (artifact !== undefined) lines.push(`  artifact: ${artifact} from ${inputs} inputs`)
  for (const { kind, subject, was, is } of because) {
    lines.push(
      `  stale because of ${kind} "${subject === '' ? '.' : subject}": was ${was}, is ${is}`,
    )
  }
  if (uncacheable !== undefined) {
    lines.push(`  kept in memory only, because plugin "${uncacheable}" has no cacheKey`)
  }
  if (importers.length > 0) lines.push(`  imported by: ${importers.join(', ')}`)
  for (const { number, state } of generations) lines.push(`  generation ${number}: ${state}`)
  return lines.join('\n')
}

const ANSWERS: Readonly<Record<Explanation['answeredBy'], string>> = {
  memory: 'answered from memory',
  disk: 'answered from disk',
  external: 'answered from the external tier',
  miss: 'nothing valid; a load would build',
}
