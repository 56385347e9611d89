import type { Stats } from 'node:fs'
import { statSync } from 'node:fs'
import type { EsbuildMetafile } from './esbuild.ts'
import type { HotSession } from './hot-session.ts'
import type { InputCollector, ReadInput } from './inputs.ts'
import { readInput } from './inputs.ts'
import { isSameStat } from './stamps.ts'

/** Who reads what in one rebuild. */
export interface HotPlan {
  /** What esbuild may read by itself: its stat before, and what it holds once that is known. */
  readonly native: Map<string, { readonly stat: Stats; input: ReadInput | undefined }>
  /** What the reader has to answer for. */
  readonly read: ReadonlySet<string>
  /** No plugin is needed at all. */
  readonly isBare: boolean
}

/** What the plugins of a kept context work with. */
export interface HotContext {
  /** That of the rebuild under way. */
  collector: InputCollector
  /** The files that come through the reader; undefined when all do. */
  readonly read: ReadonlySet<string> | undefined
  readonly isBare: boolean
}

/** One rebuild of a hot entry: what is planned before it, and what is proved after it. */
export class HotRebuild {
  readonly collector: InputCollector
  readonly #session: HotSession
  readonly #plan: HotPlan | undefined

  constructor(session: HotSession, plan: HotPlan | undefined, collector: InputCollector) {
    this.collector = collector
    this.#session = session
    this.#plan = plan
  }

  /** True when every known file was looked at; a build that fails is then never certain. */
  get isPlanned(): boolean {
    return this.#plan !== undefined
  }

  /** Makes what a new context works with. */
  context(refused: HotContext | undefined): HotContext {
    const read = withIdle(this.#plan?.read, refused?.read)
    const isBare = this.#plan?.isBare ?? false
    return { collector: this.collector, read: isBare ? this.#plan?.read : read, isBare }
  }

  /** Readies a context for this rebuild; false when it would read what it may not. */
  enter(context: HotContext): boolean {
    if (context.isBare !== (this.#plan?.isBare ?? false)) return false
    if (!suits(context.read, this.#plan?.read)) return false
    context.collector = this.collector
    return true
  }

  /** Reads what has changed while esbuild does: the proof needs it, the build does not wait. */
  readAhead(): void {
    for (const [file, before] of this.#plan?.native ?? []) before.input ??= tryRead(file)
  }

  /**
   * Tells whether it is known what was compiled; the collector then holds all of it.
   *
   * A file has not changed since before the build when its stat is the same before, with the
   * bytes, and after it. That holds for files whose every change shows, and no others are native.
   *
   * @param metafile - undefined when the build failed, which tells nothing of what was read
   */
  isCertain(metafile: EsbuildMetafile | undefined): boolean {
    const plan = this.#plan
    if (plan === undefined) return true
    if (metafile === undefined) return false
    const adopted: (readonly [string, ReadInput])[] = []
    for (const { file, isAttributed, imports } of this.#session.sources(metafile)) {
      if (imports.some((item) => plan.isBare && this.#session.isMisread(item))) return false
      if (this.collector.get(file) !== undefined) continue
      const input = isAttributed ? undefined : this.#proved(file, plan)
      if (input === undefined) return false
      adopted.push([file, input])
    }
    for (const [file, input] of adopted) {
      this.collector.adopt(file, input)
      this.#session.keep(file, input)
    }
    return true
  }

  #proved(file: string, { native }: HotPlan): ReadInput | undefined {
    const before = native.get(file)
    if (before === undefined) return undefined
    const input = before.input ?? tryRead(file)
    const isSame =
      input !== undefined &&
      isSameStat(before.stat, input.stat) &&
      isSameStat(before.stat, statSync(file, { throwIfNoEntry: false })) &&
      this.#session.mayEsbuildRead(file, input)
    return isSame ? input : undefined
  }
}

function tryRead(file: string): ReadInput | undefined {
  try {
    return readInput(file)
  } catch {
    return undefined
  }
}

/**
 * How many files a context may name that esbuild could read by now: an edited file that has come
 * to rest is likely to be edited again, and a new context has to parse everything.
 */
const MAX_IDLE = 8

/** Tells whether a context whose reader answers for `read` serves a plan that needs `needed`. */
function suits(
  read: ReadonlySet<string> | undefined,
  needed: ReadonlySet<string> | undefined,
): boolean {
  if (read === undefined || needed === undefined) return read === needed
  return needed.isSubsetOf(read) && read.size - needed.size <= MAX_IDLE
}

function withIdle(
  needed: ReadonlySet<string> | undefined,
  before: ReadonlySet<string> | undefined,
): ReadonlySet<string> | undefined {
  if (needed === undefined || before === undefined) return needed
  const both = needed.union(before)
  return both.size - needed.size <= MAX_IDLE ? both : needed
}
