/** How the value of a flag is read. */
export type FlagKind =
  /** Present or not; `--no-<name>` turns it off. */
  | 'boolean'
  | 'string'
  /** May be repeated; commas separate values too. */
  | 'list'
  /** `key=value`, may be repeated. */
  | 'map'
  /** Has a value only after `=`; alone it means `implied`. */
  | 'optional'
  /** A whole number. */
  | 'integer'
  /** Milliseconds, or a text such as `30s`. */
  | 'duration'
  /** Bytes, or a text such as `100MiB`. */
  | 'bytes'

/** One flag: parser, `--help`, completion and the reference are all made from it. */
export interface FlagSpec {
  readonly name: string
  readonly short?: string
  readonly kind: FlagKind
  /** What stands for the value in help, such as `folder`. */
  readonly value?: string
  readonly choices?: readonly string[]
  /** The value of an `optional` flag that stands alone. */
  readonly implied?: string
  readonly doc: string
}

/** One command. */
export interface CommandSpec {
  readonly name: string
  /** As help shows the positional arguments: `<entry...>`, `[entry]`, or nothing. */
  readonly operands: string
  /** How many positional arguments there may be. */
  readonly count: { readonly min: number; readonly max: number }
  /** The values of the first positional, where it is one of a few words. */
  readonly words?: readonly string[]
  readonly doc: string
  readonly flags: readonly FlagSpec[]
  readonly examples: readonly string[]
}

const flag = (name: string, kind: FlagKind, doc: string, more: Partial<FlagSpec> = {}): FlagSpec =>
  Object.freeze({ name, kind, doc, ...more })

/** The flags that every command takes. */
export const GLOBAL_FLAGS: readonly FlagSpec[] = [
  flag('root', 'string', 'project root; default: the nearest folder upward with a package.json', {
    value: 'folder',
  }),
  flag('config', 'string', 'configuration file instead of the one found in the project', {
    value: 'file',
  }),
  flag('json', 'boolean', 'print one JSON document on stdout and nothing else'),
  flag('log-level', 'string', 'how much is said on stderr', {
    value: 'level',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
  }),
  flag('color', 'boolean', 'do not colour the output; without it a terminal gets colours'),
]

const CONDITIONS = flag('conditions', 'list', 'export conditions beside the standard ones', {
  value: 'name',
})
const PACKAGES = flag('packages', 'string', 'whether packages are bundled or stay imports', {
  value: 'mode',
  choices: ['bundle', 'external'],
})
const NO_CACHE = flag('cache', 'boolean', 'use the disk cache; --no-cache neither reads nor writes')

const BUNDLE: CommandSpec = {
  name: 'bundle',
  operands: '<entry...>',
  count: { min: 1, max: Infinity },
  doc: 'Bundle entries into files.',
  flags: [
    flag('outdir', 'string', 'folder for the outputs (default: dist)', {
      short: 'o',
      value: 'folder',
    }),
    flag('outfile', 'string', 'the one output file', { value: 'file' }),
    flag('format', 'string', 'module format (default: esm)', {
      value: 'format',
      choices: ['esm', 'cjs', 'iife'],
    }),
    flag('platform', 'string', 'where the outputs run (default: node)', {
      value: 'platform',
      choices: ['node', 'browser', 'neutral'],
    }),
    flag('target', 'string', 'oldest runtime, such as node24 or es2022', { value: 'target' }),
    flag('minify', 'boolean', 'shorten names and syntax, drop white space'),
    flag('splitting', 'boolean', 'move code that entries share to its own files (esm)'),
    flag('sourcemap', 'optional', 'write source maps', {
      value: 'kind',
      implied: 'linked',
      choices: ['linked', 'inline', 'external', 'both'],
    }),
    PACKAGES,
    flag('external', 'list', 'leave these imports as they are', { value: 'name' }),
    flag('inline', 'list', 'bundle these packages although --packages=external', { value: 'name' }),
    flag('alias', 'map', 'import another module instead', { value: 'from=to' }),
    flag('define', 'map', 'replace a global name by an expression', { value: 'name=value' }),
    flag('loader', 'map', "esbuild's loader for an extension", { value: '.ext=loader' }),
    CONDITIONS,
    flag('tsconfig', 'string', 'use this tsconfig.json for every file', { value: 'file' }),
    flag(
      'metafile',
      'optional',
      'write the import graph as JSON (default: <outdir>/metafile.json)',
      {
        value: 'file',
        implied: '',
      },
    ),
    flag('analyze', 'optional', 'write a page that shows what is in the outputs, and why', {
      value: 'file',
      implied: '',
    }),
    flag('import-meta', 'string', 'whose import.meta a bundled module sees (default: plain)', {
      value: 'kind',
      choices: ['plain', 'source'],
    }),
    flag('clean', 'boolean', 'delete what the output folder held before'),
    NO_CACHE,
    flag('watch', 'boolean', 'bundle again when an input changes', { short: 'w' }),
  ],
  examples: [
    'somon bundle src/main.ts --outdir dist --minify',
    'somon bundle src/main.ts --analyze',
    'somon bundle src/main.ts --define process.env.NODE_ENV=\'"production"\'',
  ],
}

const RUN: CommandSpec = {
  name: 'run',
  operands: '<entry> [-- args...]',
  count: { min: 1, max: 1 },
  doc: 'Load a module and run it.',
  flags: [
    flag('watch', 'boolean', 'reload it when a file changes', { short: 'w' }),
    flag('guards', 'boolean', 'show the guards of what the program calls; or call without them'),
    flag('verify', 'string', 'export that judges a new generation before it serves', {
      value: 'export',
    }),
    NO_CACHE,
    PACKAGES,
    CONDITIONS,
    flag('env-file', 'list', 'set environment variables from a file', { value: 'file' }),
    flag('inspect', 'optional', 'let a debugger attach', { value: '[host:]port', implied: '' }),
    flag('inspect-brk', 'optional', 'wait for a debugger before the program starts', {
      value: '[host:]port',
      implied: '',
    }),
  ],
  examples: ['somon run src/server.ts', 'somon run src/server.ts --watch -- --port 3000'],
}

const WATCH: CommandSpec = {
  name: 'watch',
  operands: '<entry...>',
  count: { min: 1, max: Infinity },
  doc: 'Rebuild what a change makes stale and report it.',
  flags: [
    flag('outdir', 'string', 'write the outputs there after each change', {
      short: 'o',
      value: 'folder',
    }),
    flag('debounce', 'duration', 'changes closer together count as one (default: 25)', {
      value: 'ms',
    }),
    flag('poll', 'optional', 'look at the files instead of waiting for events', {
      value: 'ms',
      implied: '100',
    }),
    flag('exec', 'string', 'run this command after each success', { value: 'command' }),
  ],
  examples: ["somon watch src/main.ts --exec 'npm test'"],
}

const GRAPH: CommandSpec = {
  name: 'graph',
  operands: '[entry]',
  count: { min: 0, max: 1 },
  doc: 'Show modules, who imports them, cycles and sizes.',
  flags: [
    flag('format', 'string', 'how to print it (default: tree)', {
      value: 'format',
      choices: ['tree', 'json', 'dot', 'mermaid'],
    }),
    flag('why', 'string', 'show the shortest chain of imports that leads to a file', {
      value: 'file',
    }),
    flag('depth', 'integer', 'how many levels below the entry', { value: 'n' }),
    flag('cycles', 'boolean', 'show import cycles only; exit 1 when there are any'),
    PACKAGES,
  ],
  examples: [
    'somon graph src/main.ts --depth 2',
    'somon graph src/main.ts --why src/db.ts',
    'somon graph src/main.ts --packages bundle',
  ],
}

const EXPLAIN: CommandSpec = {
  name: 'explain',
  operands: '<entry|specifier>',
  count: { min: 1, max: 1 },
  doc: 'Tell how something is found and what the cache holds of it.',
  flags: [
    flag('from', 'string', 'the file that would import it', { value: 'importer' }),
    flag('cache', 'boolean', 'only the story of the cache'),
    flag('resolve', 'boolean', 'only the story of the resolution'),
  ],
  examples: ['somon explain src/main.ts', 'somon explain lodash --from src/main.ts'],
}

const CHECK: CommandSpec = {
  name: 'check',
  operands: '[entry...]',
  count: { min: 0, max: Infinity },
  doc: 'Resolve, build and check imports without running the entries.',
  flags: [
    flag('types', 'boolean', 'also run the TypeScript compiler of the project'),
    flag('max-warnings', 'integer', 'fail when there are more warnings', { value: 'n' }),
    flag(
      'externals',
      'boolean',
      'import external packages, which runs them, and check the imported names',
    ),
  ],
  examples: ['somon check src/main.ts --types --max-warnings 0'],
}

const CACHE: CommandSpec = {
  name: 'cache',
  operands: '<info|warm|verify|prune|clear|path> [entry...]',
  count: { min: 1, max: Infinity },
  words: ['info', 'warm', 'verify', 'prune', 'clear', 'path'],
  doc: 'Look at and look after the disk cache.',
  flags: [
    flag('max-size', 'bytes', 'prune: how large the cache may stay', { value: 'size' }),
    flag('max-age', 'duration', 'prune: how old an unused entry may be', { value: 'time' }),
    flag('readonly', 'boolean', 'verify, warm: change nothing on disk'),
    flag('dry-run', 'boolean', 'prune, clear: say what would go'),
  ],
  examples: ['somon cache info', 'somon cache prune --max-size 500MiB --dry-run'],
}

const CONFIG: CommandSpec = {
  name: 'config',
  operands: '<get|explain|schema|validate> [setting|file]',
  count: { min: 1, max: 2 },
  words: ['get', 'explain', 'schema', 'validate'],
  doc: 'Say what the settings are, where each comes from, and if they are valid.',
  flags: [
    flag('profile', 'string', 'whose defaults count; default: library', {
      value: 'profile',
      choices: ['library', 'bundle', 'run', 'watch'],
    }),
  ],
  examples: [
    'somon config explain guard.timeoutMs',
    'somon config validate somon.toml',
    'somon config schema > somon.schema.json',
  ],
}

const DOCTOR: CommandSpec = {
  name: 'doctor',
  operands: '',
  count: { min: 0, max: 0 },
  doc: 'Check Node, esbuild, the cache folder, the configuration and system limits.',
  flags: [],
  examples: ['somon doctor'],
}

const COMPLETION: CommandSpec = {
  name: 'completion',
  operands: '<bash|zsh|fish>',
  count: { min: 1, max: 1 },
  words: ['bash', 'zsh', 'fish'],
  doc: "Print a shell's completion script.",
  flags: [],
  examples: ['source <(somon completion bash)', 'somon completion fish | source'],
}

/** Every command, in the order of `somon --help`. */
export const COMMANDS: readonly CommandSpec[] = [
  BUNDLE,
  RUN,
  WATCH,
  GRAPH,
  EXPLAIN,
  CHECK,
  CACHE,
  CONFIG,
  DOCTOR,
  COMPLETION,
]

/** Returns the command of a name. */
export function findCommand(name: string): CommandSpec | undefined {
  return COMMANDS.find((command) => command.name === name)
}
