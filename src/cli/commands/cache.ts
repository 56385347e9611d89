import { formatBytes, formatDuration } from '../../base/units.ts'
import type { DiskTier } from '../../cache/disk.ts'
import type { CommandContext } from '../command.ts'
import { entriesOf } from '../entries.ts'
import { extraOperand } from '../errors.ts'
import { EXIT } from '../host.ts'
import { openProject, openProjectCache, type OpenProject } from '../open-project.ts'
import { startProgress } from '../progress.ts'

/** `somon cache`: looks at and looks after the disk cache of the project. */
export async function run(context: CommandContext): Promise<number> {
  const [action = '', ...operands] = context.operands
  if (action === 'warm') return warm(context, operands)
  const [extra] = operands
  if (extra !== undefined) {
    throw extraOperand({ command: 'cache', operand: extra, usage: `somon cache ${action}` })
  }
  const { disk } = await openProjectCache(context)
  try {
    return await ACTIONS[action as Action](context, disk)
  } finally {
    await disk.close()
  }
}

type Action = 'info' | 'verify' | 'prune' | 'clear' | 'path'

const ACTIONS: Readonly<
  Record<Action, (context: CommandContext, disk: DiskTier) => Promise<number>>
> = { info, verify, prune, clear, path: printPath }

async function printPath({ output }: CommandContext, { dir }: DiskTier): Promise<number> {
  output.result({ dir }, dir)
  return EXIT.done
}

async function info({ output }: CommandContext, disk: DiskTier): Promise<number> {
  const found = await disk.info()
  const lines = [
    found.dir,
    `${found.entries} files, ${formatBytes(found.bytes)} of ${formatBytes(found.maxBytes)}`,
    `mode ${found.mode}, unused entries go after ${days(found.maxAgeMs)}`,
  ]
  for (const [space, { entries, bytes }] of Object.entries(found.spaces)) {
    lines.push(`  ${space.padEnd(6)} ${String(entries).padStart(6)}  ${formatBytes(bytes)}`)
  }
  output.result(found, lines.join('\n'))
  return EXIT.done
}

function days(ms: number): string {
  return ms < DAY_MS ? formatDuration(ms) : `${Math.round((ms / DAY_MS) * 10) / 10} days`
}

const DAY_MS = 86_400e3

async function verify({ output, flags }: CommandContext, disk: DiskTier): Promise<number> {
  const report = await disk.verify()
  const keeps = flags.isOn('readonly') || disk.mode !== 'readwrite'
  if (!keeps) for (const { key } of report.bad) await disk.delete(key)
  const fate = keeps ? 'left in place' : 'removed'
  const value = { ...report, removed: keeps ? 0 : report.bad.length }
  const text = `${report.checked} files checked, ${formatBytes(report.bytes)}`
  if (report.bad.length === 0) {
    output.result(value, `${text}: all whole`)
    return EXIT.done
  }
  const lines = report.bad.map(({ key }) => `  damaged, ${fate}: ${key}`)
  output.findings(value, [`${text}: ${report.bad.length} damaged`, ...lines].join('\n'))
  return EXIT.failed
}

async function prune({ output, flags }: CommandContext, disk: DiskTier): Promise<number> {
  const maxBytes = flags.number('max-size')
  const maxAgeMs = flags.number('max-age')
  const dryRun = flags.isOn('dry-run')
  const report = await disk.prune({
    ...(maxBytes === undefined ? {} : { maxBytes }),
    ...(maxAgeMs === undefined ? {} : { maxAgeMs }),
    dryRun,
  })
  const verb = dryRun ? 'would remove' : 'removed'
  const text = report.ran
    ? `${verb} ${report.removed} files, ${formatBytes(report.removedBytes)}; ` +
      `${report.remaining} remain, ${formatBytes(report.remainingBytes)}`
    : `${disk.mode === 'off' ? OFF : 'another process is pruning this cache'}; nothing was done`
  output.result({ ...report, dryRun }, text)
  return EXIT.done
}

async function clear({ output, flags }: CommandContext, disk: DiskTier): Promise<number> {
  const { entries, bytes } = await disk.info()
  const dryRun = flags.isOn('dry-run')
  if (disk.mode === 'off' || !(dryRun || (await disk.clear()))) {
    output.result({ removed: 0, removedBytes: 0, dryRun }, `${OFF}; nothing was done`)
    return EXIT.done
  }
  const verb = dryRun ? 'would remove' : 'removed'
  const value = { removed: entries, removedBytes: bytes, dryRun }
  output.result(value, `${verb} ${entries} files, ${formatBytes(bytes)}`)
  return EXIT.done
}

const OFF = 'the disk cache is off (cache.disk.mode)'

/** Builds entries into the cache, so that a later start loads them without a build. */
async function warm(context: CommandContext, operands: readonly string[]): Promise<number> {
  const { host, output, flags } = context
  await using project = await openProject(context)
  const entries = entriesOf(operands, host.cwd, project.root, EXAMPLE)
  const keeps = flags.isOn('readonly')
  const warmed: WarmedEntry[] = []
  using progress = startProgress(output, 'warming the cache')
  for (const named of entries) {
    progress.update(`warming the cache: ${named}`)
    warmed.push(await warmOne(project, named, keeps))
  }
  progress.update('')
  const cold = warmed.some(({ source }) => source === 'miss' || source === 'not-stored')
  const text = warmed.map(({ entry, source, because }) => {
    const why = because === undefined ? '' : `: ${because}`
    return `${WARM_WORDS[source] ?? source}  ${entry}${why}`
  })
  if (cold) output.findings({ entries: warmed }, text.join('\n'))
  else output.result({ entries: warmed }, text.join('\n'))
  return cold ? EXIT.failed : EXIT.done
}

interface WarmedEntry {
  readonly entry: string
  readonly source: string
  /** Why it could not be stored. */
  readonly because?: string
  readonly uncacheable?: string
}

async function warmOne(
  { system, settings }: OpenProject,
  named: string,
  keeps: boolean,
): Promise<WarmedEntry> {
  const { entry, answeredBy: source } = await system.explain(named)
  if (!keeps) await system.compile(named)
  const { uncacheable } = await system.explain(named)
  const known = uncacheable === undefined ? {} : { uncacheable }
  if (keeps || source !== 'miss') return { entry, source, ...known }
  const because = whyNotStored(settings.cache.disk.mode, uncacheable)
  if (because === undefined) return { entry, source: 'built', ...known }
  return { entry, source: 'not-stored', because, ...known }
}

function whyNotStored(mode: string, uncacheable: string | undefined): string | undefined {
  if (mode !== 'readwrite') return `cache.disk.mode is "${mode}"`
  return uncacheable === undefined ? undefined : `plugin "${uncacheable}" has no cacheKey`
}

const EXAMPLE = { name: 'cache warm', example: 'somon cache warm src/main.ts' }

const WARM_WORDS: Readonly<Record<string, string>> = {
  built: 'built',
  disk: 'cached',
  memory: 'cached',
  external: 'cached elsewhere',
  miss: 'not cached',
  'not-stored': 'not stored',
}
