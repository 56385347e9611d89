import { defineError, type ErrorFactory } from '../base/error.ts'

/** Everything that is wrong with the configuration, in `errors`. */
export const configInvalid: ErrorFactory<{ readonly faults: readonly string[] }> = defineError({
  code: 'SOMON_CONFIG_INVALID',
  when: 'Settings are wrong; `errors` holds every single fault.',
  remedy: 'Correct each fault; each says what its setting accepts',
  message: ({ faults }) =>
    faults.length === 1
      ? `Cannot use the configuration: ${faults[0]}`
      : `Cannot use the configuration: it has ${faults.length} faults\n` +
        faults.map((fault) => `  - ${fault}`).join('\n'),
})

/** A value that its setting does not accept. */
export const configValue: ErrorFactory<{
  readonly setting: string
  readonly value: string
  readonly from: string
  readonly expected: string
  readonly default: string
}> = defineError({
  code: 'SOMON_CONFIG_VALUE',
  when: 'A setting has a value of another type or out of its range.',
  remedy: 'Set a value of the kind that the message names, or remove the setting',
  fix: (data) =>
    `Set ${data.setting} to ${data.expected}, or remove it to get the default ${data.default}`,
  message: ({ setting, value, from, expected }) =>
    `Cannot use ${setting} ${value} from ${from}: expected ${expected}`,
})

/** A key of a file or of the options that is no setting. */
export const configUnknownKey: ErrorFactory<{
  readonly key: string
  readonly from: string
  readonly nearest: string | null
}> = defineError({
  code: 'SOMON_CONFIG_UNKNOWN_KEY',
  when: 'A configuration file or the options hold a key that is no setting.',
  remedy: 'Correct the key or remove it',
  fix: ({ nearest }) =>
    nearest === null
      ? 'Remove it; settings lie in the sections loading, bundle, cache, guard and log'
      : `Write "${nearest}" if that is what was meant, or remove it`,
  message: ({ key, from }) => `Cannot use "${key}" from ${from}: there is no such setting`,
})

/** An environment variable that starts with `SOMON_` and belongs to no setting. */
export const configUnknownVariable: ErrorFactory<{
  readonly variable: string
  readonly from: string
  readonly nearest: string | null
}> = defineError({
  code: 'SOMON_CONFIG_UNKNOWN_VARIABLE',
  when: 'A variable starting with SOMON_ belongs to no setting; it was probably mistyped.',
  remedy: 'Correct the name or unset the variable',
  fix: ({ nearest }) =>
    nearest === null
      ? 'Unset it; names of variables are those of settings, such as SOMON_CACHE_MAX_ENTRIES'
      : `Set "${nearest}" if that is what was meant, or unset it`,
  message: ({ variable, from }) =>
    `Cannot use "${variable}" from ${from}: no setting reads this variable`,
})

/** Settings that a later version has: refused, because ignoring them would mislead. */
export const configNotAvailable: ErrorFactory<{ readonly settings: readonly string[] }> =
  defineError({
    code: 'SOMON_CONFIG_NOT_AVAILABLE',
    when: 'A setting is documented for a later version; it would have no effect in this one.',
    remedy: 'Remove the setting, or set it to false where it switches something on',
    message: ({ settings }) =>
      `Cannot use ${settings.join(', ')}: this version of somon does not have ` +
      `${settings.length === 1 ? 'this setting' : 'these settings'} yet`,
  })

/** One setting written twice in one place. */
export const configDuplicate: ErrorFactory<{
  readonly setting: string
  readonly first: string
  readonly second: string
  readonly from: string
}> = defineError({
  code: 'SOMON_CONFIG_DUPLICATE',
  when: 'One source holds one setting under two spellings.',
  remedy: 'Keep one of the two',
  message: ({ setting, first, second, from }) =>
    `Cannot use ${setting} from ${from}: it is written twice, as "${first}" and as "${second}"`,
})

/** A change of a setting that a running system does not take. */
export const configNotLive: ErrorFactory<{ readonly setting: string }> = defineError({
  code: 'SOMON_CONFIG_NOT_LIVE',
  when: 'A setting is changed in a running system that takes it only when it is made.',
  remedy: 'Set it in the configuration file, a variable or an option, and start again',
  message: ({ setting }) =>
    `Cannot change ${setting} in a running system: it is read once, when the system is made`,
})

/** Text that is no TOML, YAML or JSON, or a file without an object in it. */
export const configSyntax: ErrorFactory<{ readonly file: string; readonly reason: string }> =
  defineError({
    code: 'SOMON_CONFIG_SYNTAX',
    when: 'A configuration file cannot be read as what its name says.',
    remedy: 'Correct the file at the place shown',
    message: ({ file, reason }) => `Cannot read configuration file "${file}": ${reason}`,
  })

/** Two configuration files side by side. */
export const configAmbiguous: ErrorFactory<{ readonly files: readonly string[] }> = defineError({
  code: 'SOMON_CONFIG_AMBIGUOUS',
  when: 'One folder holds several configuration files.',
  remedy: 'Keep one of them, or name one with --config',
  message: ({ files }) =>
    `Cannot choose a configuration file: ${files.map((file) => `"${file}"`).join(' and ')} ` +
    'lie in one folder; one is needed',
})

/** The file given with `--config` is not there or cannot be opened. */
export const configNotFound: ErrorFactory<{ readonly file: string; readonly reason: string }> =
  defineError({
    code: 'SOMON_CONFIG_NOT_FOUND',
    when: 'The configuration file that was asked for cannot be opened.',
    remedy: 'Correct the path given with --config',
    message: ({ file, reason }) => `Cannot open configuration file "${file}": ${reason}`,
  })

/** A TypeScript or JavaScript configuration that throws while it is imported. */
export const configImportFailed: ErrorFactory<{ readonly file: string; readonly reason: string }> =
  defineError({
    code: 'SOMON_CONFIG_IMPORT_FAILED',
    when: 'A configuration file written in TypeScript or JavaScript throws when imported.',
    remedy: 'Correct the file; its own error is the cause of this one',
    message: ({ file, reason }) => `Cannot import configuration file "${file}": ${reason}`,
  })

/** `${VAR}` in a file, without the variable and without a default. */
export const configUnsetVariable: ErrorFactory<{
  readonly variable: string
  readonly setting: string
  readonly from: string
}> = defineError({
  code: 'SOMON_CONFIG_UNSET_VARIABLE',
  when: 'A configuration file refers to a variable that is not set.',
  remedy: 'Set the variable, or give a default as in ${NAME:-default}',
  fix: ({ variable }) => `Set ${variable}, or write \${${variable}:-default}`,
  message: ({ variable, setting, from }) =>
    `Cannot use ${setting} from ${from}: the variable ${variable} is not set`,
})

/** The file of `<VARIABLE>_FILE`. */
export const configSecretFile: ErrorFactory<{
  readonly variable: string
  readonly reason: string
}> = defineError({
  code: 'SOMON_CONFIG_SECRET_FILE',
  when: 'A variable ending in _FILE names a secret that cannot be read.',
  remedy: 'Name a readable file of at most 64 KiB, and set only one of the two variables',
  message: ({ variable, reason }) => `Cannot read the secret of ${variable}: ${reason}`,
})

/** `somon config explain` for something that is no setting. */
export const configUnknownPath: ErrorFactory<{
  readonly path: string
  readonly nearest: string | null
}> = defineError({
  code: 'SOMON_CONFIG_UNKNOWN_PATH',
  when: 'An explanation is asked for a setting that does not exist.',
  remedy: 'Name a setting by its path, such as cache.maxEntries',
  fix: ({ nearest }) =>
    nearest === null
      ? 'Name a setting by its path, such as cache.maxEntries'
      : `Write "${nearest}" if that is what was meant`,
  message: ({ path }) => `Cannot explain "${path}": there is no such setting`,
})
