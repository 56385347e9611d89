import { findEsbuildBinary } from '../bundle/esbuild-binary.ts'
import {
  completeOutputBuild,
  DEFAULT_OUTDIR,
  isNativeBuild,
  OUTPUT_DEFAULTS,
} from '../bundle/output-build.ts'
import { readBundleOptions } from './bundle-options.ts'
import * as bundle from './commands/bundle.ts'
import { execute } from './execute.ts'
import type { CliHost } from './host.ts'
import type { Invocation } from './parse-arguments.ts'
import { parseArguments } from './parse-arguments.ts'
import { findProject } from './project.ts'
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
  const invocation = readInvocation(argv, host)
  if (invocation === undefined) return false
  await execute(invocation, host, bundle)
  return true
}

type CommandInvocation = Extract<Invocation, { readonly kind: 'command' }>

/** Whatever is wrong with a command line is told by `main`. */
function readInvocation(argv: readonly string[], host: CliHost): CommandInvocation | undefined {
  try {
    const invocation = parseArguments(argv)
    return invocation.kind === 'command' && isQuick(invocation, host) ? invocation : undefined
  } catch {
    return undefined
  }
}

function isQuick({ command, flags, operands, rest }: CommandInvocation, host: CliHost): boolean {
  if (command.name !== 'bundle' || flags.isOn('watch') || flags.has('analyze')) return false
  const { root, configured } = findProject(host, flags)
  if (configured) return false
  const output = { host, flags, operands, rest }
  const options = readBundleOptions(output, root, DEFAULT_OUTDIR)
  const build = completeOutputBuild(root, operands, options, OUTPUT_DEFAULTS)
  return isNativeBuild(build) && findEsbuildBinary() !== undefined
}
