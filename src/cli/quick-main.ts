import type { BundleResult } from '../bundle/output.ts'
import { DEFAULT_OUTDIR } from '../bundle/output-build.ts'
import { bundleOnce } from './bundle-once.ts'
import { bundleEntries, readBundleOptions, withGraph } from './bundle-options.ts'
import { execute } from './execute.ts'
import type { CliHost } from './host.ts'
import type { Invocation } from './parse-arguments.ts'
import { parseArguments } from './parse-arguments.ts'
import { findProject } from './project.ts'
import type { QuickBundle } from './quick-bundle.ts'
import { planQuickBundle, quickBundle, quickSettings } from './quick-bundle.ts'
import { quickHost } from './quick-host.ts'

/**
 * Runs `somon bundle` where esbuild's program and the disk cache are all it takes; the build
 * makes one file of this and everything it imports, because loading forty modules costs more CPU
 * than bundling a small project.
 *
 * @returns false, with nothing done, when the command line needs more: then `main` runs it
 */
export async function quickMain(
  argv: readonly string[],
  host: CliHost = quickHost(),
): Promise<boolean> {
  const plan = readPlan(argv, host)
  if (plan === undefined) return false
  const { invocation, bundle } = plan
  const { root, options } = bundle
  const build = async (): Promise<BundleResult> => quickBundle(host, bundle)
  await execute(invocation, host, {
    run: async (context) => bundleOnce(context, { root, options, build }),
  })
  return true
}

interface Plan {
  readonly invocation: CommandInvocation
  readonly bundle: QuickBundle
}

type CommandInvocation = Extract<Invocation, { readonly kind: 'command' }>

/** Whatever is wrong with a command line is told by `main`. */
function readPlan(argv: readonly string[], host: CliHost): Plan | undefined {
  try {
    const invocation = parseArguments(argv)
    if (invocation.kind !== 'command') return undefined
    const bundle = planOf(invocation, host)
    return bundle && { invocation, bundle }
  } catch {
    return undefined
  }
}

function planOf(
  { command, flags, operands }: CommandInvocation,
  host: CliHost,
): QuickBundle | undefined {
  if (command.name !== 'bundle' || flags.isOn('watch') || flags.has('analyze')) return undefined
  const { root, configured } = findProject(host, flags)
  if (configured) return undefined
  const options = readBundleOptions({ host, flags, operands }, root, DEFAULT_OUTDIR)
  return planQuickBundle({
    root,
    entries: bundleEntries(operands, host.cwd, root),
    options: withGraph(flags, options),
    settings: quickSettings(host, root),
  })
}
