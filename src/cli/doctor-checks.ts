import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, readFileSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { isSomonError, messageOf } from '../base/error.ts'
import { formatBytes } from '../base/units.ts'
import { findEsbuildBinary } from '../bundle/esbuild-binary.ts'

/** What one check found. */
export interface Finding {
  readonly check: string
  readonly status: 'pass' | 'warn' | 'fail'
  readonly message: string
  /** In the imperative; present unless the check passed. */
  readonly fix?: string
}

/** What the checks look at; the command takes it from the process and the project. */
export interface Patient {
  readonly nodeVersion: string
  readonly platform: string
  readonly uid: number | undefined
  readonly cacheDir: string
  readonly cacheMaxBytes: number
  /** Reads the configuration and all it says; rejects when it cannot be used. */
  readonly readConfiguration: () => Promise<string>
  /** Where Linux shows its limits; tests point it elsewhere. */
  readonly procFolder: string
}

/** The oldest Node that somon runs on; `bin/somon.js` and package.json name the same. */
export const WANTED_NODE: readonly [major: number, minor: number] = [24, 20]

/** Below this, builds of larger projects start to fail. */
const MIN_FREE_BYTES = 256 * 2 ** 20
/** A project with its packages watches some thousand folders. */
const MIN_INOTIFY_WATCHES = 8192

/** Runs every check, in order; none of them changes anything. */
export async function examine(patient: Patient): Promise<readonly Finding[]> {
  return [
    checkNode(patient),
    checkEsbuild(),
    checkCacheFolder(patient),
    checkDisk(patient),
    await checkConfiguration(patient),
    ...checkInotify(patient),
  ]
}

function checkNode({ nodeVersion }: Patient): Finding {
  const [major = 0, minor = 0] = nodeVersion.split('.').map(Number)
  const [wantedMajor, wantedMinor] = WANTED_NODE
  const isRecent = major > wantedMajor || (major === wantedMajor && minor >= wantedMinor)
  const wanted = WANTED_NODE.join('.')
  return isRecent
    ? { check: 'node', status: 'pass', message: `Node.js ${nodeVersion}` }
    : {
        check: 'node',
        status: 'fail',
        message: `Node.js ${nodeVersion} is older than ${wanted}`,
        fix: `install Node.js ${wanted} or newer`,
      }
}

function checkEsbuild(): Finding {
  const binary = findEsbuildBinary()
  const reinstall = 'install again without --no-optional: npm ci'
  if (binary === undefined) {
    const message = 'esbuild has no program for this machine'
    return { check: 'esbuild', status: 'fail', message, fix: reinstall }
  }
  const run = spawnSync(binary.path, ['--version'], { encoding: 'utf8', timeout: 10_000 })
  const version = run.stdout?.trim()
  if (run.error === undefined && version === binary.version) {
    return { check: 'esbuild', status: 'pass', message: `esbuild ${version} runs` }
  }
  const message =
    run.error === undefined
      ? `esbuild ${binary.version} answers with version "${version}"`
      : `esbuild does not run: ${run.error.message}`
  return { check: 'esbuild', status: 'fail', message, fix: reinstall }
}

function checkCacheFolder({ cacheDir, uid }: Patient): Finding {
  const check = 'cache'
  const existing = nearestExisting(cacheDir)
  const { uid: owner } = statSync(existing)
  if (existing === cacheDir && uid !== undefined && owner !== uid) {
    return {
      check,
      status: 'fail',
      message: `the cache folder "${cacheDir}" belongs to user ${owner}, not ${uid}`,
      fix: `set SOMON_CACHE_DIR to a folder of your own, or run: rm -rf "${cacheDir}"`,
    }
  }
  try {
    accessSync(existing, constants.W_OK | constants.X_OK)
    return { check, status: 'pass', message: `cache folder ${cacheDir}` }
  } catch (error) {
    return {
      check,
      status: 'warn',
      message: `the cache folder "${cacheDir}" cannot be written: ${messageOf(error)}`,
      fix: `make "${existing}" writable, or set SOMON_CACHE_DIR to another folder`,
    }
  }
}

function checkDisk({ cacheDir, cacheMaxBytes }: Patient): Finding {
  const { bavail, bsize } = statfsSync(nearestExisting(cacheDir))
  const free = bavail * bsize
  const message = `${formatBytes(free)} free for the cache`
  if (free >= Math.min(MIN_FREE_BYTES, cacheMaxBytes)) {
    return { check: 'disk', status: 'pass', message }
  }
  const fix = 'free some space, lower SOMON_CACHE_DISK_MAX_BYTES, or run: somon cache clear'
  return { check: 'disk', status: 'fail', message: `only ${message}`, fix }
}

async function checkConfiguration({ readConfiguration }: Patient): Promise<Finding> {
  const check = 'configuration'
  try {
    return { check, status: 'pass', message: await readConfiguration() }
  } catch (error) {
    const fix = isSomonError(error) ? error.fix : 'correct the configuration file'
    return { check, status: 'fail', message: messageOf(error), fix }
  }
}

/** Linux only: elsewhere file events have no such limit. */
function checkInotify({ platform, procFolder }: Patient): readonly Finding[] {
  const file = `${procFolder}/sys/fs/inotify/max_user_watches`
  if (platform !== 'linux' || !existsSync(file)) return []
  const watches = Number(readFileSync(file, 'utf8'))
  const message = `${watches} inotify watches per user`
  if (watches >= MIN_INOTIFY_WATCHES) return [{ check: 'inotify', status: 'pass', message }]
  const fix = 'raise it with: sysctl fs.inotify.max_user_watches=524288, or watch with --poll'
  return [{ check: 'inotify', status: 'warn', message: `only ${message}`, fix }]
}

function nearestExisting(folder: string): string {
  return existsSync(folder) ? folder : nearestExisting(dirname(folder))
}
