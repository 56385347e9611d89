import type { SomonError } from '../base/error.ts'
import type { Guard } from '../base/guard.ts'
import type {
  ArtifactInfo,
  BeforeLoadEvent,
  GenerationInfo,
  HookContext,
  RuntimeHooks,
} from './plugin.ts'
import type { PluginCalls } from './plugin-calls.ts'
import type { CheckedPlugin } from './plugin-check.ts'
import { errorOfThrown, type HookPlace } from './plugin-message.ts'

/** Calls the hooks around loading, plugin after plugin in their order. */
export class RuntimeCalls {
  /** True when a plugin judges generations. */
  readonly verifies: boolean
  readonly asksBeforeLoad: boolean
  readonly #plugins: readonly CheckedPlugin[]
  readonly #calls: PluginCalls
  readonly #root: string
  readonly #guard: Guard

  constructor(
    plugins: readonly CheckedPlugin[],
    calls: PluginCalls,
    parts: { readonly root: string; readonly guard: Guard },
  ) {
    this.#plugins = plugins
    this.#calls = calls
    this.#root = parts.root
    this.#guard = parts.guard
    this.verifies = this.#having('verify').length > 0
    this.asksBeforeLoad = this.#having('beforeLoad').length > 0
  }

  async beforeLoad(event: BeforeLoadEvent): Promise<void> {
    for (const [plugin, hook] of this.#having('beforeLoad')) {
      const place = this.#place(plugin, 'beforeLoad', event.entry)
      await this.#calls.run(plugin, place, (signal) => hook.call(this.#context(signal), event))
    }
  }

  built(artifact: ArtifactInfo): void {
    for (const [plugin, hook] of this.#having('built')) {
      const place = this.#place(plugin, 'built', artifact.entry)
      this.#calls.runFreely(plugin, place, () => hook.call(this.#context(), artifact))
    }
  }

  instantiate(meta: Record<string, unknown>, generation: GenerationInfo): void {
    for (const [plugin, hook] of this.#having('instantiate')) {
      const place = this.#place(plugin, 'instantiate', generation.module)
      this.#calls.runSync(plugin, place, () => hook.call(this.#context(), meta, generation))
    }
  }

  async verify(
    namespace: Readonly<Record<string, unknown>>,
    generation: GenerationInfo,
    signal: AbortSignal,
  ): Promise<void> {
    for (const [plugin, hook] of this.#having('verify')) {
      const place = this.#place(plugin, 'verify', generation.module)
      await this.#calls.run(
        plugin,
        place,
        (inner) => hook.call(this.#context(inner), namespace, generation, inner),
        signal,
      )
    }
  }

  /** Every plugin's hook runs, whatever the ones before it do; the first failure is thrown last. */
  async retire(generation: GenerationInfo): Promise<void> {
    const errors: SomonError[] = []
    for (const [plugin, hook] of this.#having('retire')) {
      const place = this.#place(plugin, 'retire', generation.module)
      try {
        await this.#calls.run(plugin, place, (signal) =>
          hook.call(this.#context(signal), generation),
        )
      } catch (thrown) {
        const error = errorOfThrown(thrown, place)
        errors.push(error)
        this.#calls.report(place, error)
      }
    }
    const [first] = errors
    if (first !== undefined) throw first
  }

  watchChange(file: string, event: 'create' | 'update' | 'delete'): void {
    for (const plugin of this.#plugins) {
      const hook = plugin.shape === 'fused' ? plugin.plugin.watchChange : undefined
      if (hook === undefined) continue
      const place = this.#place(plugin, 'watchChange', file)
      this.#calls.runFreely(plugin, place, () => hook.call(this.#context(), file, { event }))
    }
  }

  #having<Name extends keyof RuntimeHooks>(
    name: Name,
  ): readonly (readonly [CheckedPlugin, NonNullable<RuntimeHooks[Name]>])[] {
    return this.#plugins.flatMap((plugin) => {
      const hook = plugin.shape === 'fused' ? plugin.plugin.somon?.[name] : undefined
      return hook === undefined ? [] : [[plugin, hook] as const]
    })
  }

  #context(signal?: AbortSignal): HookContext {
    const guard = this.#guard
    if (signal === undefined) return { guard }
    return { guard: (dependency, task, call) => guard(dependency, task, { signal, ...call }) }
  }

  #place(plugin: CheckedPlugin, hook: string, subject: string): HookPlace {
    return { root: this.#root, plugin: plugin.name, hook, subject }
  }
}
