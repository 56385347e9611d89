import { defineError, type ErrorFactory } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
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

export const bundleFailed: ErrorFactory<{
  readonly entry: RelPath
  /** The first fault, with its place. */
  readonly reason: string
  readonly errorCount: number
}> = defineError({
  code: 'SOMON_BUNDLE_FAILED',
  when: 'A source cannot be compiled, or something it imports cannot be found or bundled.',
  remedy: 'Correct what the message names',
  message: ({ entry, reason, errorCount }) =>
    `Cannot bundle "${entry}": ${reason}` +
    (errorCount > 1 ? `; it is the first of ${errorCount} errors` : ''),
})

export const bundleEntryMissing: ErrorFactory<{
  readonly entry: RelPath
  readonly found: 'nothing' | 'a folder'
}> = defineError({
  code: 'SOMON_BUNDLE_ENTRY_MISSING',
  when: 'An entry is not a file.',
  remedy: 'Create the file, or name another entry',
  message: ({ entry, found }) => `Cannot bundle "${entry}": there is ${found} at that path`,
  fix: ({ found }) =>
    found === 'a folder'
      ? 'Name the file in the folder that is to be loaded, such as its index.ts'
      : 'Create the file, or name another entry',
})

export const bundleUnsupportedImport: ErrorFactory<{
  readonly entry: RelPath
  /** As in the source, or what it is about. */
  readonly form: string
  readonly reason: string
}> = defineError({
  code: 'SOMON_BUNDLE_UNSUPPORTED_IMPORT',
  when: 'A form of import that a module which can be reloaded cannot have.',
  remedy: 'Write a plain import',
  message: ({ entry, form, reason }) => `Cannot bundle "${entry}" with ${form}: ${reason}`,
})

export const bundleOptionOwned: ErrorFactory<{ readonly option: string; readonly reason: string }> =
  defineError({
    code: 'SOMON_BUNDLE_OPTION_OWNED',
    when: 'A build option is set that somon needs for itself.',
    remedy: 'Remove the option',
    message: ({ option, reason }) => `Cannot set the build option "${option}": ${reason}`,
  })

export const bundleOptionInvalid: ErrorFactory<{
  readonly option: string
  readonly reason: string
}> = defineError({
  code: 'SOMON_BUNDLE_OPTION_INVALID',
  when: 'A build option has a value that esbuild does not take, or does not go with another.',
  remedy: 'Give the option a value that esbuild takes, or leave it out',
  message: ({ option, reason }) => `Cannot use the build option "${option}": ${reason}`,
  fix: ({ option }) => OPTION_FIXES[option] ?? 'Give the option a value that esbuild takes',
})

const OPTION_FIXES: Readonly<Record<string, string>> = {
  define: `Write a dotted name and a JSON value or a name, such as --define NAME='"text"'`,
  target: 'Name runtimes with their versions, such as node24 or es2022',
  loader: 'Write an extension with its dot and a loader of esbuild, such as .svg=text',
  tsconfig: 'Name a tsconfig.json that exists',
  alias: 'Alias the name of a package; a file is imported by another path instead',
  external: 'Write at most one "*" in each pattern',
  splitting: 'Use the format esm, or leave splitting out',
  outfile: 'Use outdir instead, or bundle the entries one at a time',
}

function on(subject: string | undefined): string {
  return subject === undefined ? '' : ` on "${subject}"`
}
