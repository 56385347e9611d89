import { defineError, type ErrorFactory } from '../base/error.ts'
import type { RelPath } from '../base/project-path.ts'
import { formatDuration } from '../base/units.ts'

export const compileFailed: ErrorFactory<{ module: RelPath; reason: string }> = defineError({
  code: 'SOMON_EVALUATE_COMPILE_FAILED',
  when: 'V8 refuses the text of an artifact, which a sound build never makes.',
  remedy: 'Clear the cache with "somon cache clear" and build again',
  message: ({ module, reason }) => `Cannot compile "${module}": ${reason}`,
})

export const evaluationFailed: ErrorFactory<{ module: RelPath; reason: string }> = defineError({
  code: 'SOMON_EVALUATE_FAILED',
  when: 'The top level of a module throws or rejects.',
  remedy: 'Correct the module; the cause holds the error that it threw',
  message: ({ module, reason }) => `Cannot evaluate "${module}": ${reason}`,
})

export const evaluationTimedOut: ErrorFactory<{ module: RelPath; timeoutMs: number }> = defineError(
  {
    code: 'SOMON_EVALUATE_TIMEOUT',
    when: 'The top-level await of a module lasts longer than `loading.evaluateTimeoutMs`.',
    remedy: 'Move the slow work out of the top level, or raise loading.evaluateTimeoutMs',
    message: ({ module, timeoutMs }) =>
      `Cannot evaluate "${module}": its top-level await still waits after ${formatDuration(timeoutMs)}`,
    retryable: true,
  },
)

export const missingExport: ErrorFactory<{
  module: RelPath
  importer: RelPath
  specifier: string
  name: string
  nearest: string | undefined
  /** The name is a property of the default export: a CommonJS package hides it from Node. */
  onDefault: boolean
}> = defineError({
  code: 'SOMON_EVALUATE_MISSING_EXPORT',
  when: 'A source imports a name that an external package or builtin does not export.',
  remedy: 'Import a name that the package exports',
  message: ({ importer, specifier, name }) =>
    `Cannot bind "${name}" of "${specifier}" in "${importer}": there is no export of this name`,
  fix: ({ specifier, name, nearest, onDefault }) => {
    if (onDefault) return `Write: import all from "${specifier}"; const { ${name} } = all`
    if (nearest !== undefined) return `Import "${nearest}" instead`
    return 'Import a name that the package exports'
  },
})

export const importFailed: ErrorFactory<{
  importer: RelPath
  specifier: string
  reason: string
}> = defineError({
  code: 'SOMON_EVALUATE_IMPORT_FAILED',
  when: 'An external package cannot be found or throws while Node evaluates it.',
  remedy: 'Install or repair the package; the cause holds the error that Node raised',
  message: ({ importer, specifier, reason }) =>
    `Cannot import "${specifier}" in "${importer}": ${reason}`,
})

export const importRefused: ErrorFactory<{
  importer: RelPath
  specifier: string
  reason: string
}> = defineError({
  code: 'SOMON_EVALUATE_IMPORT_REFUSED',
  when: 'A dynamic import names something that `loading.externalPolicy` or `loading.allowedSources` forbids.',
  remedy: 'Declare it in loading.externals or loading.allowedSources, or remove the import',
  message: ({ importer, specifier, reason }) =>
    `Cannot import "${specifier}" in "${importer}": ${reason}`,
})

export const importIsTypeScript: ErrorFactory<{
  importer: RelPath
  specifier: string
  packageName: string
}> = defineError({
  code: 'SOMON_EVALUATE_IMPORT_TYPESCRIPT',
  when: 'An external package ships TypeScript, which Node does not strip below node_modules.',
  remedy: 'Add the package to loading.inline, so that it is compiled into the bundle',
  message: ({ importer, specifier }) =>
    `Cannot import "${specifier}" in "${importer}": it ships TypeScript; Node needs JavaScript`,
  fix: ({ packageName }) => `Add "${packageName}" to loading.inline`,
})

export const importStuck: ErrorFactory<{
  importer: RelPath
  specifier: string
  attempts: number
}> = defineError({
  code: 'SOMON_EVALUATE_IMPORT_STUCK',
  when: 'Node remembers the failure of an external package and no new attempt can clear it.',
  remedy: 'Start a new process, or add the package to loading.inline',
  message: ({ importer, specifier, attempts }) =>
    `Cannot import "${specifier}" in "${importer}": Node keeps its failure after ${attempts} attempts; a new process is needed`,
})

export const syncExternal: ErrorFactory<{
  module: RelPath
  importer: RelPath
  specifier: string
}> = defineError({
  code: 'SOMON_EVALUATE_SYNC_EXTERNAL',
  when: 'A call of `loadSync()` meets an external package with top-level await.',
  remedy: 'Use await load() instead of loadSync()',
  message: ({ importer, specifier }) =>
    `Cannot import "${specifier}" in "${importer}" synchronously: it has a top-level await`,
})

export const syncTopLevelAwait: ErrorFactory<{ module: RelPath }> = defineError({
  code: 'SOMON_EVALUATE_SYNC_TLA',
  when: 'A call of `loadSync()` meets a module with top-level await.',
  remedy: 'Use await load() instead of loadSync()',
  message: ({ module }) => `Cannot evaluate "${module}" synchronously: it has a top-level await`,
})

export const generationRetired: ErrorFactory<{ module: RelPath; number: number; state: string }> =
  defineError({
    code: 'SOMON_EVALUATE_RETIRED',
    when: 'A generation is used that does not serve any more, or not yet.',
    remedy: 'Call use() on the module, which always leads to the generation that serves',
    message: ({ module, number, state }) =>
      `Cannot use generation ${number} of "${module}": it is ${state}; it must be live`,
  })

export const traceUnsupported: ErrorFactory<{ node: string }> = defineError({
  code: 'SOMON_EVALUATE_TRACE_UNSUPPORTED',
  when: 'The setting `loading.ledger` is "trace" and this Node cannot leave promises out of its async hooks.',
  remedy: 'Update Node, or set loading.ledger to "report"',
  message: ({ node }) =>
    `Cannot use loading.ledger "trace": Node ${node} lacks trackPromises; every await would cost about 700 ns`,
})
