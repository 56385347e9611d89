import * as v from 'valibot'
import { Secret } from '../base/secret.ts'
import { formatBytes, parseBytes, parseDuration } from '../base/units.ts'
import { flagOf, segmentedVariableOf, variableOf } from './names.ts'
import type { SettingKind } from './parse.ts'
import { byProfile, computed, Default } from './setting-default.ts'
import type { Machine, Profile, SettingRow } from './setting-row.ts'
import type { PluginSetting, SettingPath, SettingValue } from './settings.ts'

/** A row with the schema its values are checked by. */
export interface SchemaRow<Value = unknown> extends SettingRow<Value> {
  /** Made at the first call: a start that sets little needs few of them. */
  schema(): v.GenericSchema
}

const MIB = 2 ** 20
const DAY_MS = 86_400e3
/** Node turns longer delays into 1 ms. */
const MAX_TIMER_MS = 2 ** 31 - 1

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

interface Kind<Value> {
  readonly kind: SettingKind
  readonly unit: 'ms' | 'bytes' | null
  readonly expected: string
  readonly choices: readonly string[]
  schema(): v.GenericSchema<unknown, Value>
}

interface Facts<Value> {
  readonly default: Value | Default<Value>
  /** How documentation prints a default that is no plain value. */
  readonly defaultText?: string
  readonly env?: readonly string[]
  readonly flag?: string
  readonly switches?: Readonly<Record<string, string>>
  readonly aliases?: readonly string[]
  readonly doc: string
}

interface Spec<Value> {
  readonly kind: Kind<Value>
  readonly facts: Facts<Value>
}

function row<Value>(kind: Kind<Value>, facts: Facts<NoInfer<Value>>): Spec<Value> {
  return { kind, facts }
}

function toRow<Value>(path: string, { kind, facts }: Spec<Value>): SchemaRow<Value> {
  const fallback = facts.default
  const isComputed = fallback instanceof Default
  return Object.freeze({
    path,
    ...kind,
    defaultFor: (profile: Profile, machine: Machine): Value =>
      isComputed ? fallback.of(profile, machine) : fallback,
    defaultText: facts.defaultText ?? (isComputed ? fallback.text : JSON.stringify(fallback)),
    env: [...new Set([variableOf(path), segmentedVariableOf(path), ...(facts.env ?? [])])],
    flag: facts.flag ?? flagOf(path),
    switches: facts.switches ?? {},
    aliases: facts.aliases ?? [],
    secret: kind.kind === 'secret',
    doc: facts.doc,
    read(value: unknown) {
      const result = v.safeParse(kind.schema(), value)
      return result.success ? { value: result.output } : undefined
    },
  })
}

function kindOf<Value>(
  kind: SettingKind,
  expected: string,
  make: () => v.GenericSchema<unknown, Value>,
  more: Partial<Pick<Kind<Value>, 'unit' | 'choices'>> = {},
): Kind<Value> {
  let made: v.GenericSchema<unknown, Value> | undefined
  const schema = (): v.GenericSchema<unknown, Value> => (made ??= make())
  return { kind, expected, schema, unit: null, choices: [], ...more }
}

function filled(): v.GenericSchema<unknown, string> {
  return v.pipe(v.string(), v.minLength(1))
}

function text(expected: string): Kind<string> {
  return kindOf('text', expected, filled)
}

function filePath(): Kind<string> {
  return kindOf('path', 'a path', filled)
}

function secret(minBytes: number): Kind<Secret> {
  const isLong = (value: string): boolean => Buffer.byteLength(value) >= minBytes
  const schema = (): v.GenericSchema<unknown, Secret> =>
    v.union([
      v.pipe(
        v.string(),
        v.check(isLong),
        v.transform((value) => new Secret(value)),
      ),
      v.pipe(
        v.instance(Secret),
        v.check((value) => isLong(value.reveal())),
      ),
    ])
  return kindOf('secret', `a secret of at least ${minBytes} bytes`, schema)
}

function optional<Value>(kind: Kind<Value>): Kind<Value | null> {
  const { unit, choices } = kind
  return kindOf(kind.kind, kind.expected, () => v.nullable(kind.schema()), { unit, choices })
}

function boolean(): Kind<boolean> {
  return kindOf('boolean', 'true or false', () => v.boolean())
}

function choice<const Choice extends string>(...choices: readonly Choice[]): Kind<Choice> {
  const expected = `one of ${choices.map((word) => `"${word}"`).join(', ')}`
  return kindOf('choice', expected, () => v.picklist(choices), { choices })
}

function booleanOr<const Choice extends string>(
  ...choices: readonly Choice[]
): Kind<boolean | Choice> {
  const expected = `true, false or one of ${choices.map((word) => `"${word}"`).join(', ')}`
  const schema = (): v.GenericSchema<unknown, boolean | Choice> =>
    v.union([v.boolean(), v.picklist(choices)])
  return kindOf('boolean-or-choice', expected, schema, { choices })
}

function integer(min: number, max: number): Kind<number> {
  const schema = (): v.GenericSchema<unknown, number> =>
    v.pipe(v.number(), v.safeInteger(), v.minValue(min), v.maxValue(max))
  return kindOf('integer', `a whole number from ${min} to ${max}`, schema)
}

function duration(minMs: number, maxMs: number): Kind<number> {
  const expected = `a duration from ${minMs} to ${maxMs} ms such as 250 or "30s"`
  return kindOf('duration', expected, () => quantity(parseDuration, minMs, maxMs), { unit: 'ms' })
}

function timeout(): Kind<number> {
  return duration(0, MAX_TIMER_MS)
}

function bytes(min: number): Kind<number> {
  const most = Number.MAX_SAFE_INTEGER
  const least = min === 0 ? '' : ` of at least ${formatBytes(min)}`
  const expected = `a byte size${least} such as "512MiB"`
  return kindOf('bytes', expected, () => quantity(parseBytes, min, most), { unit: 'bytes' })
}

function quantity(
  parse: (value: string | number) => number | undefined,
  min: number,
  max: number,
): v.GenericSchema<unknown, number> {
  return v.pipe(
    v.union([v.number(), v.string()]),
    v.transform((value) => parse(value) ?? NaN),
    v.safeInteger(),
    v.minValue(min),
    v.maxValue(max),
  )
}

function list(of: string): Kind<readonly string[]> {
  return kindOf('list', `a list of ${of}`, () => v.array(filled()))
}

function map(of: string): Kind<Readonly<Record<string, string>>> {
  return kindOf('map', `a table of texts, or ${of} pairs`, () => v.record(v.string(), v.string()))
}

function plugins(): Kind<readonly PluginSetting[]> {
  return kindOf('list', 'a list of plugins, package names or [name, options]', () => {
    const named = v.tuple([filled(), v.unknown()])
    return v.array(v.union([filled(), named, v.custom<object>(isPlugin)]))
  })
}

function isPlugin(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && 'name' in value
}
