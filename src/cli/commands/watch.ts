import type { CommandContext } from '../command.ts'
import { childCommand } from '../child-command.ts'
import { prepareBundle } from '../prepare-bundle.ts'
import { watchBundle } from '../watch-bundle.ts'

/** `somon watch`: rebuilds on change; writes only with `--outdir`, runs a command with `--exec`. */
export async function run(context: CommandContext): Promise<number> {
  const command = context.flags.text('exec')
  await using bundle = await prepareBundle(context, false)
  const { output } = context
  await using child = childCommand(command, bundle.root, output.json, ({ code, signal }) => {
    if (output.json) output.event({ event: 'exec-failed', exec: command, code, signal })
    else output.warn(`the command of --exec ended with ${signal ?? code}: ${command}`)
  })
  return await watchBundle(context, bundle, () => child.restart())
}
