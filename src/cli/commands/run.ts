import { entryOf } from '../entries.ts'
import type { CommandContext } from '../command.ts'
import { badValue, flagConflict, unreadableFile } from '../errors.ts'
import { systemClock } from '../../base/clock.ts'
import { codeOf, messageOf } from '../../base/error.ts'
import { resolve } from 'node:path'
import type { Module } from '../../module/module.ts'
import { openProject, type OpenProject } from '../open-project.ts'
import { untilInterrupted } from '../interruption.ts'
import { EXIT } from '../host.ts'
import { untilStarted } from '../until-started.ts'
import { verifyExport } from '../verify-export.ts'
import { describeReport } from '../watch-report.ts'

/** `somon run`: loads a module as the program; the program decides the exit code. */
export async function run(context: CommandContext): Promise<number | undefined> {
  const { operands, host, flags, rest } = context
  readEnvFiles(context)
  const project = await open(context)
  const { watch: watches } = project.settings.loading
  if (flags.has('verify') && !watches) {
    throw flagConflict({
      flag: '--verify',
      because: 'it judges new generations, and without --watch there are none',
      instead: 'Add --watch, or leave --verify out',
    })
  }
  await openInspector(context)
  const entry = entryOf(operands[0] ?? '', host.cwd)
  process.argv = [process.execPath, entry, ...rest]
  const guards = flags.isOn('guards') ? await showGuards(project, context) : undefined
  const module = await load({ project, guards }, entry, operands[0] ?? '')
  if (watches) return serve(context, { project, guards }, module)
  process.once('beforeExit', () => {
    guards?.[Symbol.dispose]()
    void project.system.shutdown()
  })
  return undefined
}

/** The timers and servers of a program that failed would keep the process alive. */
export const endsOnFailure = true

/** A program that ends by itself has nothing to sweep; one that reloads has: its profile. */
async function open(context: CommandContext): Promise<OpenProject> {
  if (context.flags.isOn('watch'))
    return openProject(context, { profile: 'watch', isProgram: true })
  const project = await openProject(context, { profile: 'run', isProgram: true })
  return project.settings.loading.watch
    ? openProject(context, { profile: 'watch', isProgram: true })
    : project
}

async function showGuards(project: OpenProject, { output }: CommandContext): Promise<Disposable> {
  const { watchGuards } = await import('../watch-guards.ts')
  const shown = watchGuards(project.system, output, systemClock)
  // A program that calls process.exit() gets here only.
  process.once('exit', () => shown[Symbol.dispose]())
  return shown
}

interface Running {
  readonly project: OpenProject
  /** Shown as long as there are any: none are left after the shutdown. */
  readonly guards: Disposable | undefined
}

/** A program that fails to start leaves nothing behind. */
async function load({ project, guards }: Running, entry: string, named: string): Promise<Module> {
  try {
    return await untilStarted(named, project.system.load(entry, { main: true }))
  } catch (error) {
    guards?.[Symbol.dispose]()
    await project.system.shutdown()
    throw error
  }
}

async function serve(
  context: CommandContext,
  { project, guards }: Running,
  module: Module,
): Promise<number> {
  const { output, flags } = context
  const name = flags.text('verify')
  await using system = project.system
  using ending = new DisposableStack()
  ending.use(guards)
  await using session = await system.watch({
    entries: [module.id],
    ...(name === undefined
      ? {}
      : { verify: (exports, signal) => verifyExport(exports, name, signal) }),
  })
  session.on('report', (report) => {
    if (report.error !== undefined) output.error(report.error)
    output.info(describeReport(report, (text) => output.dim(text)))
  })
  // Listens before it says so: who reads that may interrupt at once.
  const interrupted = untilInterrupted()
  output.info(output.dim(`watching ${session.watched} paths of ${module.id}`))
  const signal = await interrupted
  return signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated
}

/** What is already set wins, as with Node's own `--env-file`. */
function readEnvFiles({ flags, host }: CommandContext): void {
  for (const file of flags.list('env-file') ?? []) {
    try {
      process.loadEnvFile(resolve(host.cwd, file))
    } catch (error) {
      const why = codeOf(error) === 'ENOENT' ? 'there is no such file' : messageOf(error)
      throw unreadableFile({ flag: '--env-file', file, why }, { cause: error })
    }
  }
}

async function openInspector({ flags }: CommandContext): Promise<void> {
  const waits = flags.has('inspect-brk')
  const at = flags.text('inspect-brk') ?? flags.text('inspect')
  if (at === undefined) return
  const match = /^(?:(.+):)?(\d{1,5})?$/.exec(at)
  const flag = waits ? '--inspect-brk' : '--inspect'
  if (match === null || Number(match[2] ?? 0) > 65_535) {
    throw badValue({ flag, value: at, expected: 'a port or host:port' })
  }
  const inspector = await import('node:inspector')
  inspector.open(Number(match[2] ?? DEFAULT_INSPECTOR_PORT), match[1] ?? '127.0.0.1', waits)
}

/** That of Node. */
const DEFAULT_INSPECTOR_PORT = 9229
