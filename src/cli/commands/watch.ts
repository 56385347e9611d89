import type { CommandContext } from '../command.ts'
import { childCommand } from '../child-command.ts'
import { prepareBundle } from '../prepare-bundle.ts'
import { watchBundle } from '../watch-bundle.ts'

/** `somon watch`: rebuilds on change; writes only with `--outdir`, runs a command with `--exec`. */
export async function run(context: CommandContext): Promise<number> {
  const command = context.flags.text('exec')
  await using bundle = await prepareBundle(context, false)
  await using child = childCommand(command, bundle.root, context.output.json)
  return watchBundle(context, bundle, () => child.restart())
}
