import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { isSettled } from '../base/settled.ts'
import type { EsbuildMetafile } from './esbuild.ts'
import type { HotSession } from './hot-session.ts'
import { InputCollector, readInput, type ReadInput } from './inputs.ts'
import { localDevice } from './stamps.ts'

/**
 * The sources of one first build, which esbuild reads by itself.
 *
 * Invariant: what `adopt` puts into the collector is what esbuild has compiled. A file that was
 * old before the build and has the same time after it held the same bytes all the while, and none
 * of the folders above it was put into its place meanwhile, because that makes a folder young. It
 * needs times that this machine's own clock gives, and a clock that was not set back.
 */
export class SettledSources {
  readonly collector: InputCollector = new InputCollector()
  readonly #clock: Clock
  readonly #device: number | undefined
  readonly #startedAt: number
  readonly #startedElapsed: number
  /** Folders that were looked at, and were old. */
  readonly #folders = new Set<string>()

  /** Made before the build. */
  constructor(root: string, clock: Clock) {
    this.#clock = clock
    this.#device = localDevice(root)
    this.#startedAt = clock.now()
    this.#startedElapsed = clock.elapsed()
  }

  /** Tells, before the build, whether all is young where it begins: then trying gains nothing. */
  areSettled(entries: readonly string[]): boolean {
    return entries.every((file) => this.#isSettled(file) && this.#hasSettledFolders(file))
  }

  /** Adopts every source; or none, and returns false, when the reader has to build again. */
  adopt(
    metafile: EsbuildMetafile,
    session: Pick<HotSession, 'sources' | 'mayEsbuildRead'>,
  ): boolean {
    this.#folders.clear()
    const read: (readonly [file: string, input: ReadInput])[] = []
    for (const { file, isAttributed } of session.sources(metafile)) {
      if (isAttributed) return false
      const input = tryRead(file)
      if (input === undefined || !this.#isOld(input.stat)) return false
      if (!session.mayEsbuildRead(file, input)) return false
      read.push([file, input])
    }
    // After the reads: a folder that is exchanged later was not read from.
    if (!read.every(([file]) => this.#hasSettledFolders(file)) || this.#wasSetBack) return false
    for (const [file, input] of read) this.collector.adopt(file, input)
    return true
  }

  get #wasSetBack(): boolean {
    const shown = this.#clock.now() - this.#startedAt
    return shown < this.#clock.elapsed() - this.#startedElapsed - CLOCK_TOLERANCE_MS
  }

  #isSettled(file: string): boolean {
    const stat = statSync(file, { throwIfNoEntry: false })
    return stat !== undefined && this.#isOld(stat)
  }

  #isOld(stat: Parameters<typeof isSettled>[0] & { readonly dev: number }): boolean {
    return stat.dev === this.#device && isSettled(stat, this.#startedAt)
  }

  #hasSettledFolders(file: string): boolean {
    for (let at = dirname(file); !this.#folders.has(at); at = dirname(at)) {
      const stat = statSync(at, { throwIfNoEntry: false })
      // Above the project other file systems may begin.
      if (stat === undefined || !isSettled(stat, this.#startedAt)) return false
      this.#folders.add(at)
    }
    return true
  }
}

/** Less than the youth of a file, so that no write hides in the difference. */
const CLOCK_TOLERANCE_MS = 50

function tryRead(file: string): ReadInput | undefined {
  try {
    return readInput(file)
  } catch {
    return undefined
  }
}
