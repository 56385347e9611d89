import type { CommandContext } from '../command.ts'
import { examine, type Finding } from '../doctor-checks.ts'
import { EXIT } from '../host.ts'
import { QUICK_CACHE, quickCacheDir } from '../quick-bundle.ts'
import { findProject } from '../project.ts'

/** `somon doctor`: what is wrong with this machine and project, and how to put it right. */
export async function run(context: CommandContext): Promise<number> {
  const { host, output, flags } = context
  const { root } = findProject(host, flags)
  const settings = await readSettings(context).catch(() => undefined)
  const findings = await examine({
    nodeVersion: process.versions.node,
    platform: process.platform,
    uid: process.getuid?.(),
    cacheDir: settings?.cacheDir ?? quickCacheDir(host, root),
    cacheMaxBytes: settings?.maxBytes ?? QUICK_CACHE.maxBytes,
    readConfiguration: async () => (await readSettings(context)).description,
    procFolder: '/proc',
  })
  const bad = findings.filter(({ status }) => status !== 'pass')
  const text = findings.map((finding) => describe(finding, context)).join('\n')
  if (bad.length === 0) output.result({ findings }, text)
  else output.findings({ findings }, text)
  return bad.length === 0 ? EXIT.done : EXIT.failed
}

async function readSettings(
  context: CommandContext,
): Promise<{ readonly cacheDir: string; readonly maxBytes: number; readonly description: string }> {
  const { openProjectCache } = await import('../open-project.ts')
  const { disk, settings, configFile } = await openProjectCache(context)
  await disk.close()
  return {
    cacheDir: disk.dir,
    maxBytes: settings.cache.disk.maxBytes,
    description: configFile === undefined ? 'no configuration file' : `${configFile} is valid`,
  }
}

const MARKS = { pass: ['green', 'ok  '], warn: ['yellow', 'warn'], fail: ['red', 'fail'] } as const

function describe({ check, status, message, fix }: Finding, { output }: CommandContext): string {
  const [style, mark] = MARKS[status]
  const line = `${output.paint(style, mark)} ${check}: ${message}`
  return fix === undefined ? line : `${line}\n     fix: ${fix}`
}
