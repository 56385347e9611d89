import { resolve } from 'node:path'
import type { Explanation } from '../../load/explanation.ts'
import type { ResolutionStep } from '../../resolve/resolution.ts'
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
  if (from !== undefined) {
    const { resolver, plugins } = await openResolver(context)
    const importer = resolve(host.cwd, from)
    const asked = await plugins.host.ask(operand, importer)
    const resolution = [
      ...asked.map(({ plugin, result }) => ({ step: `plugin "${plugin}"`, result })),
      ...(asked.some(({ answers }) => answers) ? [] : resolver.explain(operand, importer)),
    ]
    output.result({ specifier: operand, importer: from, resolution }, steps(resolution))
    return EXIT.done
  }
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
