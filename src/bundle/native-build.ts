import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmdirSync, rmSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EsbuildBinary } from './esbuild-binary.ts'
import type { EsbuildMetafile } from './esbuild.ts'
import { parseEsbuildLog } from './esbuild-log.ts'
import type { BuiltOutputs, OutputBuild } from './output-build.ts'
import { esbuildArguments } from './output-build.ts'
import { outputFailed } from './output-failure.ts'

/**
 * Runs a build in esbuild's native program and waits for it.
 *
 * It blocks the thread, so that no handle, thread or timer is ever made: it is for a process that
 * has nothing else to do. The outputs are written by esbuild itself.
 *
 * @throws SomonError SOMON_BUNDLE_FAILED
 */
export function runNativeBuild(
  binary: EsbuildBinary,
  build: OutputBuild,
  environment: Readonly<Record<string, string | undefined>>,
): BuiltOutputs {
  const folder = mkdtempSync(join(tmpdir(), 'somon-'))
  try {
    const metafile = join(folder, REPORT_NAME)
    const result = spawnSync(
      binary.path,
      [...esbuildArguments(build), `--metafile=${metafile}`, ...REPORT_FLAGS],
      {
        cwd: build.root,
        env: { ...collectorVariables(environment), ...environment },
        stdio: ['ignore', 'ignore', 'pipe'],
        maxBuffer: MAX_LOG_BYTES,
        windowsHide: true,
      },
    )
    if (result.error !== undefined) throw outputFailed(build, [], result.error)
    const log = parseEsbuildLog(result.stderr.toString(), sourceReader(build.root))
    if (result.status !== 0) {
      const died = result.signal === null ? undefined : new Error(`esbuild got ${result.signal}`)
      throw outputFailed(build, log.errors, died)
    }
    const reportBytes = readFileSync(metafile)
    const report = JSON.parse(reportBytes.toString()) as EsbuildMetafile
    return { report, reportBytes, warnings: log.warnings, contents: undefined }
  } finally {
    removeReport(folder)
  }
}

/**
 * Switches Go's collector off until memory is short, as esbuild does by itself for a single entry:
 * for several the collector costs half as much again (measured). A project of 1,100 inputs peaks
 * at 274 MB without it; a limit of 256 MiB took back 40 % of what is saved. Who sets `GOGC`
 * decides alone.
 *
 * @param availableBytes - what this process may still take: of the machine, or of its container
 */
export function collectorVariables(
  environment: Readonly<Record<string, string | undefined>>,
  availableBytes: number = process.availableMemory(),
): Readonly<Record<string, string>> {
  if (environment.GOGC !== undefined) return {}
  const limit = Math.floor(Math.min(MEMORY_LIMIT_BYTES, availableBytes / 2))
  return { GOGC: 'off', GOMEMLIMIT: `${limit}B` }
}

const MEMORY_LIMIT_BYTES = 2 ** 30

/** A failed build left none. `rm` of a folder takes seven times as long. */
function removeReport(folder: string): void {
  try {
    unlinkSync(join(folder, REPORT_NAME))
    rmdirSync(folder)
  } catch {
    rmSync(folder, { recursive: true, force: true })
  }
}

const REPORT_NAME = 'metafile.json'

const MAX_LOG_BYTES = 64 * 2 ** 20
const REPORT_FLAGS = ['--log-level=warning', '--log-limit=0', '--color=false'] as const

function sourceReader(root: string): (file: string) => string | undefined {
  const texts = new Map<string, string | undefined>()
  return (file) => {
    if (!texts.has(file)) texts.set(file, readIfThere(join(root, file)))
    return texts.get(file)
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return undefined
  }
}
