import { join } from 'node:path'
import { systemClock } from '../base/clock.ts'
import { isSomonError } from '../base/error.ts'
import { EventHub } from '../base/events.ts'
import { isInside, toRelPath } from '../base/project-path.ts'
import { formatDuration } from '../base/units.ts'
import type { BundleResult } from '../bundle/output.ts'
import type { ChangeSet } from '../watch/change-set.ts'
import { longestDelayMs } from '../watch/debounce.ts'
import type { WatchEvents } from '../watch/events.ts'
import type { Watcher } from '../watch/watcher.ts'
import { createWatcher } from '../watch/watcher.ts'
import type { CommandContext } from './command.ts'
import { EXIT } from './host.ts'
import { untilInterrupted } from './interruption.ts'
import type { PreparedBundle } from './prepare-bundle.ts'
import { renderWarning } from './render-warning.ts'
import { type WatchedInputs, watchedInputs, withFailure } from './watch-inputs.ts'

/**
 * Bundles, and bundles again whenever an input changes, until it is interrupted.
 *
 * Invariants:
 * - one build at a time; changes that come in meanwhile make one more;
 * - what is watched is always what the last build that succeeded depended on, and after a failure
 *   the places it names as well, so that repairing them heals it;
 * - changes in the output folder are its own doing and start nothing.
 *
 * @param onBuilt - after each success, before it is reported
 */
export async function watchBundle(
  context: CommandContext,
  bundle: PreparedBundle,
  onBuilt: (result: BundleResult) => Promise<void>,
): Promise<number> {
  const watcher = createWatcher({
    clock: systemClock,
    events: new EventHub<WatchEvents>(),
    debounceMs: bundle.debounceMs,
    maxDelayMs: longestDelayMs(bundle.debounceMs),
    pollMs: bundle.pollMs,
  })
  const loop = new WatchLoop(context, bundle, watcher, onBuilt)
  try {
    await loop.build([])
    watcher.onChange((changes) => loop.onChange(changes))
    await watcher.ready()
    // Listens before it says so: who reads that may interrupt at once.
    const interrupted = untilInterrupted()
    context.output.info(context.output.dim(`watching ${watcher.watched} paths`))
    const signal = await interrupted
    return signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated
  } finally {
    await watcher.close()
    await loop.settled
  }
}

class WatchLoop {
  settled: Promise<void> = Promise.resolve()
  #waiting: string[] | undefined
  #inputs: WatchedInputs | undefined
  readonly #context: CommandContext
  readonly #bundle: PreparedBundle
  readonly #watcher: Watcher
  readonly #onBuilt: (result: BundleResult) => Promise<void>

  constructor(
    context: CommandContext,
    bundle: PreparedBundle,
    watcher: Watcher,
    onBuilt: (result: BundleResult) => Promise<void>,
  ) {
    this.#context = context
    this.#bundle = bundle
    this.#watcher = watcher
    this.#onBuilt = onBuilt
  }

  onChange({ changes, overflow }: ChangeSet): void {
    const { root, options } = this.#bundle
    const written = join(root, options.outdir ?? options.outfile ?? '')
    const own = (path: string): boolean => written !== root && isInside(written, path)
    const paths = [...changes.keys()].filter((path) => !own(path))
    if (paths.length === 0 && !overflow) return
    const names = paths.map((path) => toRelPath(root, path))
    if (this.#waiting !== undefined) {
      this.#waiting.push(...names)
      return
    }
    this.#waiting = names
    this.settled = this.settled.then(async () => {
      const because = this.#waiting ?? []
      this.#waiting = undefined
      await this.build(because)
    })
  }

  async build(changes: readonly string[]): Promise<void> {
    const { output } = this.#context
    try {
      const result = await this.#bundle.build()
      this.#watch(await watchedInputs(this.#bundle, result))
      await this.#onBuilt(result)
      this.#report(result, changes)
    } catch (thrown) {
      if (!isSomonError(thrown)) throw thrown
      if (output.json) output.event({ event: 'failed', error: thrown.toJSON(), changes })
      else output.error(thrown)
      this.#watch(withFailure(this.#bundle, thrown, this.#inputs))
    }
  }

  #watch(inputs: WatchedInputs): void {
    this.#inputs = inputs
    this.#watcher.watch(inputs.targets)
  }

  #report(result: BundleResult, changes: readonly string[]): void {
    const { output } = this.#context
    const { cached, durationMs, warnings } = result
    const outputs = result.outputs.map(({ path, bytes, sha256 }) => ({ path, bytes, sha256 }))
    if (output.json) {
      output.event({ event: 'built', outputs, changes, warnings, cached, durationMs })
    }
    for (const warning of warnings) output.warn(renderWarning(warning))
    const because = changes.length === 0 ? '' : `; changed: ${[...new Set(changes)].join(', ')}`
    const written = outputs.map(({ path }) => path).join(', ')
    const entries = result.outputs.flatMap(({ entry }) => entry ?? []).join(', ')
    const inMemory = result.outputs.some(({ contents }) => contents !== undefined)
    const names = inMemory ? `${entries} in memory` : written
    output.info(`built ${names} ${output.dim(`in ${formatDuration(durationMs)}${because}`)}`)
  }
}
