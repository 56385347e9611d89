import { defineError, type ErrorFactory } from '../base/error.ts'
import { formatDuration } from '../base/units.ts'

interface PluginFault {
  readonly plugin: string
  readonly hook: string
  /** The file, specifier or entry that the hook ran for. */
  readonly subject?: string
}

export const pluginFailed: ErrorFactory<PluginFault & { readonly reason: string }> = defineError({
  code: 'SOMON_BUNDLE_PLUGIN_FAILED',
  when: 'A hook of a plugin threw an error that has no code of its own.',
  remedy:
    'Read the cause, which is the own error of the plugin; then repair the input, or the plugin',
  message: ({ plugin, hook, subject, reason }) =>
    `Cannot run plugin "${plugin}": its hook "${hook}" failed${on(subject)}: ${reason}`,
})

export const pluginTimeout: ErrorFactory<PluginFault & { readonly timeoutMs: number }> =
  defineError({
    code: 'SOMON_BUNDLE_PLUGIN_TIMEOUT',
    when: 'A hook of a plugin did not settle within `loading.hookTimeoutMs`.',
    remedy: 'Raise loading.hookTimeoutMs, or find the promise in the hook that never settles',
    message: ({ plugin, hook, subject, timeoutMs }) =>
      `Cannot run plugin "${plugin}": its hook "${hook}" did not finish${on(subject)}; ` +
      `it has ${formatDuration(timeoutMs)}`,
  })

export const pluginOption: ErrorFactory<{ readonly plugin: string; readonly option: string }> =
  defineError({
    code: 'SOMON_BUNDLE_PLUGIN_OPTION',
    when: 'An esbuild plugin changed a build option that decides the form of an artifact.',
    remedy:
      'Leave that option alone; use the plugin with "somon bundle", where it may set every option',
    message: ({ plugin, option }) =>
      `Cannot use plugin "${plugin}": it changes the build option "${option}"; ` +
      'modules that are loaded need the value that somon sets',
  })

export const pluginInvalid: ErrorFactory<{
  readonly plugin: string
  readonly reason: string
  readonly fix?: string
}> = defineError({
  code: 'SOMON_BUNDLE_PLUGIN_INVALID',
  when: 'An item of the plugin list is not a plugin, or has a member of the wrong name or type.',
  remedy: 'Compare the object with the type SomonPlugin of "somon/plugin"',
  message: ({ plugin, reason }) => `Cannot use plugin "${plugin}": ${reason}`,
  fix: ({ fix }) => fix ?? 'Compare the object with the type SomonPlugin of "somon/plugin"',
})

function on(subject: string | undefined): string {
  return subject === undefined ? '' : ` on "${subject}"`
}
