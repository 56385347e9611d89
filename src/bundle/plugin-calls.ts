import type { Clock } from '../base/clock.ts'
import { withDeadline } from '../base/deadline.ts'
import type { SomonError } from '../base/error.ts'
import type { Emitter, EventChannel } from '../base/events.ts'
import { pluginTimeout } from './errors.ts'
import type { PluginEvents } from './events.ts'
import type { CheckedPlugin } from './plugin-check.ts'
import type { PluginStats } from './plugin-host.ts'
import { displayPath, errorOfThrown, type HookPlace } from './plugin-message.ts'

/**
 * Calls hooks of plugins: each under the deadline, timed, counted for its owner, and with
 * whatever it throws turned into a coded error that names plugin and hook.
 */
export class PluginCalls {
  readonly #clock: Clock
  readonly #timeoutMs: number
  readonly #failed: EventChannel<PluginEvents['plugin.failed']>
  readonly #counters: Map<CheckedPlugin, Counter>

  constructor(
    plugins: readonly CheckedPlugin[],
    parts: {
      readonly clock: Clock
      readonly events: Emitter<PluginEvents>
      readonly hookTimeoutMs: number
    },
  ) {
    this.#clock = parts.clock
    this.#timeoutMs = parts.hookTimeoutMs
    this.#failed = parts.events.channel('plugin.failed')
    this.#counters = new Map(plugins.map((plugin) => [plugin, { calls: 0, errors: 0, totalMs: 0 }]))
  }

  /**
   * An abort is no error of the plugin's, whatever it makes of it: the reason is thrown as it is.
   *
   * @throws SomonError SOMON_BUNDLE_PLUGIN_TIMEOUT, SOMON_BUNDLE_PLUGIN_FAILED, or the plugin's own
   */
  async run<T>(
    plugin: CheckedPlugin,
    place: HookPlace,
    task: (signal: AbortSignal) => T | PromiseLike<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    const counter = this.#counter(plugin)
    const start = this.#clock.elapsed()
    counter.calls += 1
    try {
      return await withDeadline(task, {
        timeoutMs: this.#timeoutMs,
        clock: this.#clock,
        onTimeout: () => this.#timeout(place),
        signal,
      })
    } catch (thrown) {
      if (signal?.aborted === true) throw signal.reason
      counter.errors += 1
      throw errorOfThrown(thrown, place)
    } finally {
      counter.totalMs += this.#clock.elapsed() - start
    }
  }

  /** The same for hooks that return at once, where no deadline can end anything. */
  runSync<T>(plugin: CheckedPlugin, place: HookPlace, task: () => T): T {
    const counter = this.#counter(plugin)
    const start = this.#clock.elapsed()
    counter.calls += 1
    try {
      return task()
    } catch (thrown) {
      counter.errors += 1
      throw errorOfThrown(thrown, place)
    } finally {
      counter.totalMs += this.#clock.elapsed() - start
    }
  }

  /** Calls a hook whose failure stops nothing: it becomes the event `plugin.failed`. */
  runFreely(plugin: CheckedPlugin, place: HookPlace, task: () => unknown): void {
    const report = (thrown: unknown): void => this.report(place, errorOfThrown(thrown, place))
    try {
      const result = this.runSync(plugin, place, task)
      if (result instanceof Promise) result.catch(report)
    } catch (thrown) {
      report(thrown)
    }
  }

  stats(): readonly PluginStats[] {
    return [...this.#counters].map(([{ name, shape }, counter]) => ({
      name,
      shape,
      calls: counter.calls,
      errors: counter.errors,
      totalMs: counter.totalMs,
    }))
  }

  /** Tells a failure that stops nothing. */
  report(place: HookPlace, error: SomonError): void {
    if (this.#failed.listened) this.#failed.emit({ plugin: place.plugin, hook: place.hook, error })
  }

  #timeout(place: HookPlace): SomonError {
    const { plugin, hook, subject, root } = place
    return pluginTimeout({
      plugin,
      hook,
      ...(subject !== undefined && { subject: displayPath(subject, root) }),
      timeoutMs: this.#timeoutMs,
    })
  }

  #counter(plugin: CheckedPlugin): Counter {
    const counter = this.#counters.get(plugin)
    if (counter === undefined) throw new RangeError(`"${plugin.name}" is no plugin of this list`)
    return counter
  }
}

interface Counter {
  calls: number
  errors: number
  totalMs: number
}
