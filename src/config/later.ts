/**
 * Settings that are documented for later versions.
 *
 * They are refused, because a setting without effect misleads; `false` is accepted where it
 * switches something off, because that is already so.
 */
const SECTIONS = [
  'audit',
  'capabilities',
  'cluster',
  'components',
  'config',
  'database',
  'deploy',
  'features',
  'gateway',
  'health',
  'identity',
  'isolation',
  'logging',
  'management',
  'message',
  'metrics',
  'monitoring',
  'runtime',
  'server',
  'shutdown',
  'storage',
  'supervise',
  'trace',
  'cache.external',
  'cache.redis',
] as const

/** Single settings, and the names that seed documents give some of them. */
const VALUES = [
  'enableExternalCache',
  'guard.swapGraceMs',
  'loading.maxRetired',
  'log.enabled',
  'log.fields',
  'log.file',
  'log.format',
  'log.levelTtlMs',
  'log.levels',
  'log.linesPerSecond',
  'log.redact',
  'log.ringBytes',
  'logger',
  'managementPort',
  'managementServer',
  'name',
] as const

/** Those of `VALUES` that switch something on. */
const SWITCHES: ReadonlySet<string> = new Set([
  'enableExternalCache',
  'log.enabled',
  'logger',
  'managementServer',
])

const VARIABLES = [
  'AUDIT',
  'CACHE_EXTERNAL',
  'CACHE_REDIS',
  'CAPABILITIES',
  'CLUSTER',
  'COMPONENTS',
  'CONFIG',
  'DEPLOY',
  'ENABLE_AUDIT_LOG',
  'ENABLE_EXTERNAL_CACHE',
  'FEATURES',
  'GATEWAY',
  'GUARD_SWAP_GRACE_MS',
  'HEALTH',
  'IDENTITY',
  'ISOLATION',
  'LOADING_MAX_RETIRED',
  'LOGGER',
  'LOG_ENABLED',
  'LOG_FIELDS',
  'LOG_FILE',
  'LOG_FORMAT',
  'LOG_JSON',
  'LOG_LEVELS',
  'LOG_LEVEL_TTL_MS',
  'LOG_LINES_PER_SECOND',
  'LOG_REDACT',
  'LOG_RING_BYTES',
  'MANAGEMENT',
  'MAX_COMPONENTS',
  'MAX_CPU_PERCENT',
  'MAX_MEMORY_GB',
  'MESSAGE',
  'METRICS',
  'NAME',
  'RUNTIME',
  'SHUTDOWN',
  'STATE_DIR',
  'STORAGE',
  'STORE',
  'SUPERVISE',
  'TRACE',
  'TOKEN',
  'TOKEN_FILE',
  'URL',
] as const

/** What is to be done with something that this version does not have. */
export type LaterVerdict = 'refused' | 'already-off' | undefined

/** Judges a key of a file or of options; undefined when no later version knows it either. */
export function judgeLaterKey(path: string, value: unknown): LaterVerdict {
  const section = SECTIONS.find((name) => path === name || path.startsWith(`${name}.`))
  const isValue = VALUES.some((name) => path === name || path.startsWith(`${name}.`))
  if (section === undefined && !isValue) return undefined
  const isSwitch =
    path === section ||
    path === `${section}.enabled` ||
    (section === 'features' && path.split('.').length === 2) ||
    SWITCHES.has(path)
  return isSwitch && value === false ? 'already-off' : 'refused'
}

/** Judges a variable by its name without `SOMON_`. */
export function judgeLaterVariable(words: string, value: string): LaterVerdict {
  const name = words.replaceAll('__', '_')
  const section = VARIABLES.find((known) => name === known || name.startsWith(`${known}_`))
  if (section === undefined) return undefined
  const isSwitch = BARE_SWITCHES.has(name) || /(?:^ENABLE_|_ENABLED$)/.test(name)
  return isSwitch && FALSE.has(value.toLowerCase()) ? 'already-off' : 'refused'
}

const FALSE: ReadonlySet<string> = new Set(['false', '0', 'no', 'off'])

const BARE_SWITCHES: ReadonlySet<string> = new Set([
  'LOGGER',
  'LOG_JSON',
  'MANAGEMENT',
  'MANAGEMENT_SERVER',
  'METRICS',
])
