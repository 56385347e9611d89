import type { CommandContext } from '../command.ts'
import { completionScript } from '../completion-script.ts'
import { EXIT } from '../host.ts'

/** `somon completion`: prints the script for one shell. */
export async function run({ output, operands }: CommandContext): Promise<number> {
  const shell = operands[0] ?? ''
  const script = completionScript(shell)
  if (output.json) output.result({ shell, script }, '')
  else output.raw(script)
  return EXIT.done
}
