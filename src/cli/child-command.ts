import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** A command that is run again after each success; the one before is ended first. */
export interface ChildCommand extends AsyncDisposable {
  /** Resolves once the new one is started; does nothing without a command. */
  restart(): Promise<void>
}

/** How a command ended that was not ended by us. */
export interface CommandEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/**
 * @param onFailure - told of each run that ends by itself with anything but 0
 * @param quiet - true sends its stdout to stderr, because stdout holds a JSON document per line
 */
export function childCommand(
  command: string | undefined,
  cwd: string,
  quiet: boolean,
  onFailure: (end: CommandEnd) => void,
): ChildCommand {
  let child: ChildProcess | undefined
  const end = async (): Promise<void> => {
    const running = child
    child = undefined
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return
    const closed = once(running, 'close')
    running.kill('SIGTERM')
    await closed
  }
  return {
    async restart() {
      if (command === undefined) return
      await end()
      const started = spawn(command, {
        cwd,
        shell: true,
        stdio: ['ignore', quiet ? process.stderr : 'inherit', 'inherit'],
      })
      child = started
      started.on('error', (error) => process.emitWarning(error))
      started.on('close', (code, signal) => {
        if (child === started && code !== 0) onFailure({ code, signal })
      })
    },
    [Symbol.asyncDispose]: end,
  }
}
