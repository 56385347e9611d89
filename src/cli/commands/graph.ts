import { resolve } from 'node:path'
import { nearest } from '../../base/nearest.ts'
import { toRelPath } from '../../base/project-path.ts'
import type { ModuleGraph } from '../../load/module-graph.ts'
import type { CommandContext } from '../command.ts'
import { entriesOf } from '../entries.ts'
import { notInGraph } from '../errors.ts'
import { limitGraph, renderDot, renderMermaid, renderTree, whyChain } from '../graph-text.ts'
import { EXIT } from '../host.ts'
import { openProject } from '../open-project.ts'

/** `somon graph`: builds the entry without running it and shows what it is made of. */
export async function run(context: CommandContext): Promise<number> {
  const { operands, host, flags, output } = context
  await using project = await openProject(context)
  const [entry = ''] = entriesOf(operands, host.cwd, project.root, EXAMPLE)
  await project.system.compile(entry)
  const graph = project.system.graph(entry)
  const why = flags.text('why')
  if (why !== undefined) return showWhy(context, graph, project.root, why)
  if (flags.isOn('cycles')) return showCycles(context, graph)
  const depth = flags.number('depth') ?? Infinity
  const shown = limitGraph(graph, depth)
  const format = flags.text('format') ?? 'tree'
  if (output.json || format === 'json') {
    if (output.json) output.result(shown, '')
    else output.raw(`${JSON.stringify(shown, null, 2)}\n`)
    return EXIT.done
  }
  const dim = (text: string): string => output.paint('dim', text)
  const text =
    format === 'dot'
      ? renderDot(graph, { depth })
      : format === 'mermaid'
        ? renderMermaid(graph, { depth })
        : renderTree(graph, { depth, dim })
  output.raw(`${text}\n`)
  return EXIT.done
}

const EXAMPLE = { name: 'graph', example: 'somon graph src/main.ts' }

function showWhy(
  { output, host }: CommandContext,
  graph: ModuleGraph,
  root: string,
  wanted: string,
): number {
  const paths = graph.modules.map(({ path }) => path)
  const file = paths.includes(wanted) ? wanted : toRelPath(root, resolve(host.cwd, wanted))
  const chain = whyChain(graph, file)
  if (chain === undefined) throw notInGraph({ file: wanted, nearest: nearest(wanted, paths) })
  output.result({ file, chain }, chain.map((path, depth) => '  '.repeat(depth) + path).join('\n'))
  return EXIT.done
}

function showCycles({ output }: CommandContext, { cycles }: ModuleGraph): number {
  const text = cycles.map((cycle) => [...cycle, cycle[0]].join(' → ')).join('\n')
  if (cycles.length === 0) {
    output.result({ cycles }, 'no import cycles')
    return EXIT.done
  }
  output.findings({ cycles }, text)
  return EXIT.failed
}
