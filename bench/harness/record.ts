import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { root } from './paths.ts'

/** Everything needed to repeat a number, or to know why it cannot be repeated. */
export interface RunRecord {
  readonly date: string
  readonly commit: string
  readonly dirty: boolean
  readonly node: string
  readonly v8: string
  readonly packages: Readonly<Record<string, string>>
  readonly cpu: string
  readonly cores: number
  readonly memoryGb: number
  readonly kernel: string
  readonly environment: Readonly<Record<string, string>>
}

const RELEVANT =
  /^(?:GOGC|GOMEMLIMIT|GOMAXPROCS|NODE_OPTIONS|NODE_COMPILE_CACHE|UV_THREADPOOL_SIZE|TSX_.*|JITI_.*|SOMON_.*)$/

export function recordRun(packages: readonly string[]): RunRecord {
  const [cpu] = cpus()
  return {
    date: new Date().toISOString(),
    commit: git('rev-parse', 'HEAD'),
    dirty: git('status', '--porcelain') !== '',
    node: process.versions.node,
    v8: process.versions.v8,
    packages: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    environment: Object.fromEntries(
      Object.entries(process.env).flatMap(([name, value]) =>
        RELEVANT.test(name) && value !== undefined ? [[name, value]] : [],
      ),
    ),
  }
}

function git(...args: string[]): string {
  try {
    return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
  } catch {
    return 'unknown'
  }
}

function versionOf(name: string): string {
  const file = join(root, 'node_modules', name, 'package.json')
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version
}
