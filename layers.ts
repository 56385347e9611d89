/**
 * The rows of `src/`: a file imports its own folder and folders of earlier rows, nothing else.
 *
 * Folders that share a number do not know each other. `oxlint.config.ts` and
 * `test/architecture.test.ts` read this table, so it is the only place to change.
 */
export const rows: readonly { readonly row: number; readonly folder: string }[] = [
  { row: 0, folder: 'base' },
  { row: 1, folder: 'config' },
  { row: 1, folder: 'cache' },
  { row: 1, folder: 'guard' },
  { row: 1, folder: 'watch' },
  { row: 2, folder: 'resolve' },
  { row: 3, folder: 'bundle' },
  { row: 4, folder: 'load' },
  { row: 5, folder: 'evaluate' },
  { row: 6, folder: 'module' },
  { row: 16, folder: 'system' },
  { row: 17, folder: 'cli' },
]

/** The public entry points; they re-export and hold no code of their own. */
export const entryPoints: readonly string[] = [
  'src/index.ts',
  'src/plugin.ts',
  'src/component.ts',
  'src/testing.ts',
  'src/plugin-testing.ts',
]

/** The door files of each third-party package: nothing else may import it, not even its types. */
export const doors: Readonly<Record<string, readonly string[]>> = {
  '@jridgewell/remapping': ['src/bundle/remapping.ts'],
  '@jridgewell/trace-mapping': ['src/evaluate/source-map.ts'],
  '@valibot/to-json-schema': ['src/config/json-schema.ts'],
  chokidar: ['src/watch/watcher.ts'],
  commander: ['src/cli/arguments.ts'],
  'd3-hierarchy': ['src/bundle/treemap.ts'],
  'es-module-lexer': ['src/bundle/lexer.ts'],
  esbuild: ['src/bundle/esbuild.ts'],
  'get-tsconfig': ['src/resolve/tsconfig.ts'],
  'lru-cache': ['src/cache/memory.ts'],
  opossum: ['src/guard/opossum.ts'],
  'oxc-resolver': ['src/resolve/oxc.ts'],
  'smol-toml': ['src/config/toml.ts'],
  unplugin: ['src/bundle/unplugin.ts'],
  valibot: ['src/config/kinds.ts'],
  yaml: ['src/config/yaml.ts'],
}

/** Returns the folders that a file of `folder` may import from, its own included. */
export function importableFrom(folder: string): readonly string[] {
  const own = rows.find((entry) => entry.folder === folder)
  if (own === undefined) throw new Error(`Cannot place src/${folder}: add it to layers.ts`)
  return rows
    .filter((entry) => entry.row < own.row || entry.folder === folder)
    .map((entry) => entry.folder)
}
