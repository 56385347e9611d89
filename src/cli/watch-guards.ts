import type { Clock, Scheduled } from '../base/clock.ts'
import type { ModuleSystemApi } from '../system/module-system-api.ts'
import { guardTable } from './guard-table.ts'
import type { Output } from './output.ts'

/**
 * Prints the guards of a program while it runs: each change of a state as it happens, and the
 * table once a second if anything has changed. Nothing of it keeps the process alive.
 *
 * It goes to stderr and is never drawn over: stdout, and the lines between, are the program's. With
 * `--json` each is one line of JSON.
 */
export function watchGuards(
  system: Pick<ModuleSystemApi, 'on' | 'stats'>,
  output: Output,
  clock: Clock,
): Disposable {
  let printed = ''
  let timer: Scheduled | undefined
  const tell = (document: object): void => {
    output.stderr.write(`${JSON.stringify({ command: 'run', ...document })}\n`)
  }
  const show = (): void => {
    const { guards } = system.stats()
    const now = signatureOf(guards)
    if (now === printed) return
    printed = now
    if (output.json) return tell({ event: 'guards', ...guards })
    return output.info(
      guardTable(guards, (state, text) => output.err(COLORS[state] ?? 'reset', text)),
    )
  }
  const tick = (): void => {
    show()
    timer = clock.schedule(tick, REFRESH_MS)
  }
  const leave = system.on('guard.transition', (transition) => {
    const { owner, dependency, from, to, reason } = transition
    if (output.json) tell({ event: 'guard.transition', ...transition })
    else output.info(`${owner}:${dependency} ${from} → ${to} (${reason})`)
  })
  timer = clock.schedule(tick, REFRESH_MS)
  let isOver = false
  return {
    [Symbol.dispose]() {
      if (isOver) return
      isOver = true
      timer?.cancel()
      leave()
      show()
    },
  }
}

const REFRESH_MS = 1000

const COLORS: Readonly<Record<string, 'red' | 'yellow' | 'green' | 'magenta'>> = {
  open: 'red',
  'half-open': 'yellow',
  isolated: 'magenta',
  disabled: 'yellow',
  closed: 'green',
}

/** What is worth another table; the time until a retry runs by itself. */
function signatureOf({ breakers }: ReturnType<ModuleSystemApi['stats']>['guards']): string {
  return JSON.stringify(
    Object.entries(breakers).map(([id, { state, totals, inflight }]) => [
      id,
      state,
      totals,
      inflight,
    ]),
  )
}
