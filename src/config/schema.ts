import { guardSpecs } from './guard-specs.ts'
import {
  boolean,
  booleanOr,
  bytes,
  choice,
  duration,
  filePath,
  integer,
  list,
  map,
  MAX_TIMER_MS,
  optional,
  plugins,
  secret,
  text,
  timeout,
} from './kinds.ts'
import { byProfile, computed } from './setting-default.ts'
import { row, toRow, type SchemaRow, type Spec } from './setting-spec.ts'
import type { SettingPath, SettingValue } from './settings.ts'

const MIB = 2 ** 20
const DAY_MS = 86_400e3

/** What the table says of one setting; the rest follows from its path. */
const specs: { readonly [Path in SettingPath]: Spec<SettingValue<Path>> } = {
  root: row(filePath(), {
    default: computed('nearest folder upward with package.json', (machine) => machine.findRoot()),
    doc: 'Project root: what paths and cache keys are relative to.',
  }),
  plugins: row(plugins(), {
    default: [],
    doc: 'Plugin objects, names of packages that export one, or [name, options].',
  }),
  'loading.externals': row(list('package names'), {
    default: [],
    flag: '--external',
    doc: 'Packages that are imported by Node and never bundled.',
  }),
  'loading.externalPolicy': row(choice('any', 'declared'), {
    default: 'any',
    doc: 'With "declared", importing a package that loading.externals does not name is refused.',
  }),
  'loading.inline': row(list('package names'), {
    default: [],
    flag: '--inline',
    doc: 'Packages that are bundled although packages stay external.',
  }),
  'loading.packages': row(choice('external', 'bundle'), {
    default: byProfile('external', { bundle: 'bundle' }),
    flag: '--packages',
    doc: 'Whether packages are imported by Node or bundled.',
  }),
  'loading.allowedSources': row(list('globs of package names'), {
    default: ['*'],
    doc: 'Packages and hosts that code may come from; others are refused.',
  }),
  'loading.conditions': row(list('conditions'), {
    default: [],
    flag: '--conditions',
    doc: 'Conditions of package.json "exports" and "imports" beside those of Node.',
  }),
  'loading.alias': row(map('specifier=replacement'), {
    default: {},
    flag: '--alias',
    doc: 'Replacements of specifiers, exact or "prefix/*".',
  }),
  'loading.tsconfig': row(optional(filePath()), {
    default: null,
    defaultText: 'nearest of each file',
    flag: '--tsconfig',
    doc: 'The tsconfig.json that applies to every file.',
  }),
  'loading.sourceMaps': row(choice('none', 'lazy', 'eager'), {
    default: byProfile('lazy', { run: 'eager' }),
    doc: 'When source maps of loaded code are made: never, after the load, or with the code.',
  }),
  'loading.ledger': row(choice('dispose', 'report', 'trace', 'off'), {
    default: byProfile('dispose', { run: 'off' }),
    doc: 'What happens to timers, servers and listeners that retired code has left behind.',
  }),
  'loading.watch': row(boolean(), {
    default: byProfile(false, { watch: true }),
    flag: '--watch',
    switches: { '-w': 'true' },
    aliases: ['features.hotReload'],
    doc: 'Reload what a file change makes stale.',
  }),
  'loading.watchDebounceMs': row(duration(0, 10_000), {
    default: 25,
    flag: '--debounce',
    doc: 'How long the files must be quiet before a change is acted upon.',
  }),
  'loading.watchPollMs': row(duration(0, DAY_MS), {
    default: 0,
    flag: '--poll',
    doc: 'Look at the files this often, for network and container mounts; 0 uses file events.',
  }),
  'loading.maxConcurrentBuilds': row(integer(1, 256), {
    default: computed('number of cores', (machine) => Math.min(256, machine.cores)),
    doc: 'How many builds run at once.',
  }),
  'loading.maxQueued': row(integer(0, 1e9), {
    default: 10_000,
    doc: 'How many loads may wait for a build; the next one is rejected.',
  }),
  'loading.timeoutMs': row(timeout(), {
    default: 30_000,
    doc: 'Resolving, building and evaluating one entry together; 0 means no limit.',
  }),
  'loading.evaluateTimeoutMs': row(timeout(), {
    default: 10_000,
    doc: 'Top-level await of one generation; 0 means no limit.',
  }),
  'loading.verifyTimeoutMs': row(timeout(), {
    default: 5_000,
    doc: 'The check of a new generation before it serves; 0 means no limit.',
  }),
  'loading.drainTimeoutMs': row(timeout(), {
    default: 10_000,
    doc: 'How long an old generation may finish its calls; 0 means no limit.',
  }),
  'loading.hookTimeoutMs': row(timeout(), {
    default: 30_000,
    doc: 'One call of a plugin hook; 0 means no limit.',
  }),
  'loading.leakWarnMs': row(duration(0, MAX_TIMER_MS), {
    default: 60_000,
    doc: 'A retired generation that is not collected after this time is reported; 0 is off.',
  }),
  'bundle.outdir': row(filePath(), {
    default: 'dist',
    flag: '--outdir',
    doc: 'Where "somon bundle" writes, relative to the root.',
  }),
  'bundle.format': row(choice('esm', 'cjs', 'iife'), {
    default: 'esm',
    flag: '--format',
    doc: 'Module format of bundled files.',
  }),
  'bundle.target': row(text('a target of esbuild such as "node24"'), {
    default: 'node24',
    flag: '--target',
    doc: 'Which engine bundled files are for.',
  }),
  'bundle.minify': row(boolean(), {
    default: false,
    flag: '--minify',
    doc: 'Shorten bundled files.',
  }),
  'bundle.sourcemap': row(booleanOr('linked', 'inline', 'external', 'both'), {
    default: false,
    flag: '--sourcemap',
    doc: 'Source maps of bundled files; true means "linked".',
  }),
  'bundle.splitting': row(boolean(), {
    default: false,
    flag: '--splitting',
    doc: 'Put code that several entries share into files of its own.',
  }),
  'bundle.define': row(map('name=expression'), {
    default: {},
    flag: '--define',
    doc: 'Global names replaced by expressions while building.',
  }),
  'bundle.serviceMaxRssBytes': row(bytes(64 * MIB), {
    default: 512 * MIB,
    doc: 'Above this size the esbuild service is replaced when it is idle.',
  }),
  'bundle.hotContexts': row(integer(0, 64), {
    default: 4,
    doc: 'How many entries being edited keep their build context.',
  }),
  'cache.maxEntries': row(integer(0, 1e9), {
    default: 1_000,
    env: ['SOMON_CACHE_SIZE'],
    flag: '--cache-size',
    aliases: ['maxCacheSize'],
    doc: 'How many artifacts memory holds; 0 switches this tier off.',
  }),
  'cache.maxBytes': row(bytes(0), {
    default: 100 * MIB,
    env: ['SOMON_CACHE_MEMORY_LIMIT'],
    aliases: ['maxCacheMemory'],
    doc: 'Bytes of artifacts in memory, the code of live generations included.',
  }),
  'cache.ttlMs': row(duration(0, 1e15), {
    default: 0,
    doc: 'How long an artifact is kept in memory; 0 means until it is evicted.',
  }),
  'cache.secret': row(optional(secret(32)), {
    default: null,
    defaultText: 'none',
    doc: 'Signs cache files, so that only holders of the secret can put code there.',
  }),
  'cache.disk.mode': row(choice('readwrite', 'readonly', 'off'), {
    default: 'readwrite',
    switches: { '--no-cache': 'off' },
    doc: 'Whether the disk cache is used and written; "readonly" lets only "cache prune" and "cache clear" change it.',
  }),
  'cache.disk.maxBytes': row(bytes(0), {
    default: 2048 * MIB,
    doc: 'Size of the disk cache, in whole blocks.',
  }),
  'cache.disk.maxAgeMs': row(duration(0, 1e15), {
    default: 30 * DAY_MS,
    doc: 'What was not used for this long goes with the next collection.',
  }),
  'cache.disk.validate': row(choice('stat', 'hash', 'never'), {
    default: 'stat',
    doc: 'How sources and cached files are checked: "stat" hashes what a stat cannot clear, "hash" all; "never", for immutable images, asks no source.',
  }),
  'cache.disk.dir': row(optional(filePath()), {
    default: null,
    defaultText: 'node_modules/.cache/somon, else the cache folder of the user',
    env: ['SOMON_CACHE_DIR'],
    doc: 'Where the disk cache lies.',
  }),
  ...guardSpecs,
  'log.level': row(choice('trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'), {
    default: 'info',
    flag: '--log-level',
    aliases: ['logLevel', 'logging.level'],
    doc: 'The least severe messages that are printed.',
  }),
}

/** The table: every setting, its default, its sources and its text. */
export const settingsTable: readonly SchemaRow[] = Object.freeze(
  Object.entries(specs).map(([path, spec]) => toRow(path, spec as Spec<unknown>)),
)
