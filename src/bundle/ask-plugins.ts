import { isAbsolute } from 'node:path'
import { messageOf } from '../base/error.ts'
import type { Guard } from '../base/guard.ts'
import { specifierFilter } from './hook-filter.ts'
import { checkResolved } from './hook-result.ts'
import type { FusedPlugin, PluginContext } from './plugin.ts'
import type { PluginCalls } from './plugin-calls.ts'
import type { CheckedFusedPlugin, CheckedPlugin } from './plugin-check.ts'
import type { PluginAnswer } from './plugin-host.ts'
import { errorOfMessage, type HookPlace } from './plugin-message.ts'

interface AskParts {
  readonly root: string
  readonly guard: Guard
  readonly calls: PluginCalls
}

/**
 * Asks the plugins one after the other where a specifier leads, until one answers, as a build
 * does. An esbuild plugin has no hook that could be asked without a build: it is only named.
 *
 * @param importer - absolute path of the file that holds the import
 */
export async function askPlugins(
  plugins: readonly CheckedPlugin[],
  request: { readonly specifier: string; readonly importer: string },
  parts: AskParts,
): Promise<readonly PluginAnswer[]> {
  const answers: PluginAnswer[] = []
  for (const checked of plugins.toSorted((a, b) => placeOf(a) - placeOf(b))) {
    const answer =
      checked.shape === 'esbuild'
        ? {
            plugin: checked.name,
            answers: false,
            result: 'may answer; it is asked in a build only',
          }
        : await askOne(checked, request, parts)
    if (answer !== undefined) answers.push(answer)
    if (answer?.answers === true) break
  }
  return answers
}

/** Hooks with enforce "pre" come before esbuild plugins, all others after them. */
function placeOf(checked: CheckedPlugin): number {
  if (checked.shape === 'esbuild') return 1
  return checked.plugin.enforce === 'pre' ? 0 : 2
}

async function askOne(
  checked: CheckedFusedPlugin,
  { specifier, importer }: { readonly specifier: string; readonly importer: string },
  { root, guard, calls }: AskParts,
): Promise<PluginAnswer | undefined> {
  const plugin = checked.name
  const hook: FusedPlugin['resolveId'] = checked.plugin.resolveId
  if (hook === undefined) return undefined
  const { handler, filter } = typeof hook === 'function' ? { handler: hook } : hook
  if (filter?.id !== undefined && !specifierFilter(filter.id)(specifier)) return undefined
  const place = { root, plugin, hook: 'resolveId', subject: specifier }
  const options = { isEntry: false, kind: 'import-statement', attributes: {} }
  try {
    const found = await calls.run(checked, place, async (signal) =>
      checkResolved(
        await handler.call(contextOf(place, guard, signal), specifier, importer, options),
      ),
    )
    if (found === undefined || found === null) {
      return { plugin, answers: false, result: 'does not answer' }
    }
    const { id, external } = typeof found === 'string' ? { id: found } : found
    return { plugin, answers: true, result: describe(id, external === true) }
  } catch (error) {
    return { plugin, answers: true, result: `fails: ${messageOf(error)}` }
  }
}

function describe(id: string, external: boolean): string {
  if (external) return `answers: external ${JSON.stringify(id)}`
  return isAbsolute(id) ? `answers: source ${id}` : `answers: its own module ${JSON.stringify(id)}`
}

/** What a hook names or warns of while it is asked belongs to no build. */
function contextOf(place: HookPlace, guard: Guard, signal: AbortSignal): PluginContext {
  return {
    root: place.root,
    guard: (dependency, effort, call) => guard(dependency, effort, { signal, ...call }),
    addWatchFile: () => {},
    addWatchDir: () => {},
    warn: () => {},
    error: (message) => {
      throw errorOfMessage(message, place)
    },
  }
}
