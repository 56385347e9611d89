import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild'
import { entryPoints } from '../layers.ts'
import { compileCore } from './core/compile.ts'

/**
 * Builds `dist/`: declarations by the compiler, code by esbuild in few files.
 *
 * One file per source costs a start 40 to 60 ms; docs/design/0002 has the measurement. What only
 * some commands need lies in chunks of its own, because it is imported dynamically.
 */
const root = join(import.meta.dirname, '..')
const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
execFileSync(
  process.execPath,
  [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'tsconfig.build.json'],
  {
    cwd: root,
    stdio: 'inherit',
  },
)
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  readonly dependencies: Readonly<Record<string, string>>
  readonly engines: { readonly node: string }
}
const options = {
  absWorkingDir: root,
  // bin/somon.js imports the second last, dist/cli/quick.cjs the last one.
  entryPoints: [...entryPoints, 'src/cli/main.ts', 'src/bundle/output-hints.ts'],
  outbase: 'src',
  outdir: 'dist',
  bundle: true,
  splitting: true,
  chunkNames: 'chunks/[name]-[hash]',
  format: 'esm',
  platform: 'node',
  target: 'node24.20',
  sourcemap: 'linked',
  sourcesContent: false,
  external: dependencies(),
  // In every file, because imports run first: whichever file begins refuses.
  banner: { js: refusal(manifest.engines.node) },
  metafile: true,
  logLevel: 'warning',
  logOverride: { 'unsupported-dynamic-import': 'silent' },
} satisfies BuildOptions
const { metafile: whole } = await build({ ...options, write: false })
const { metafile } = await build({
  ...options,
  plugins: [oneCore(dynamicTargets(whole)), leanLibraries()],
})
await buildQuick()
await compileCore(root, metafile, options.banner.js)
writeFileSync(join(dist, 'THIRD-PARTY-LICENSES.txt'), licences(metafile))

/**
 * Makes `dist/cli/quick.cjs`, the one file that `bin/somon.js` runs for plain bundles.
 *
 * CommonJS, because importing Node's own modules as ES modules reads all their exports, which
 * costs 6 ms of CPU (measured). What quick bundles never reach is left outside: it would hold
 * second copies of the classes that the rest of the command line compares with.
 */
async function buildQuick(): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: ['src/cli/quick-main.ts'],
    write: false,
    outfile: 'dist/cli/quick.cjs',
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node24.20',
    define: { 'import.meta.url': '__filename' },
    external: [...dependencies(), '*/analyze-page.ts'],
    plugins: [builtApart('output-hints')],
    logLevel: 'warning',
  })
  for (const { path, text } of outputFiles) {
    // One other character, and V8 keeps two bytes of each: it reads the file half as fast.
    // eslint-disable-next-line no-control-regex
    const [other] = /[^\0-\x7F]/.exec(text) ?? []
    if (other !== undefined) throw new Error(`Cannot write ${path}: "${other}" is not ASCII`)
    writeFileSync(path, text)
  }
}

/** A file of `src/bundle` that the quick path imports from `dist/bundle`, after a failure only. */
function builtApart(name: string): Plugin {
  return {
    name: 'built-apart',
    setup(hooks) {
      hooks.onResolve({ filter: new RegExp(`/${name}\\.ts$`) }, () => ({
        path: `../bundle/${name}.js`,
        external: true,
      }))
    },
  }
}

/** The sources that are imported dynamically: each is the start of a chunk. */
function dynamicTargets({ inputs }: Metafile): ReadonlySet<string> {
  const imports = Object.values(inputs).flatMap((input) => input.imports)
  const targets = imports.filter(
    ({ kind, external }) => kind === 'dynamic-import' && external !== true,
  )
  return new Set(targets.map(({ path }) => join(root, path)))
}

/**
 * Puts everything a cached load needs into one chunk.
 *
 * esbuild makes a chunk of each set of modules that the same entries reach. As soon as every
 * dynamic target reaches the whole core, the core is one such set; without this it was 36.
 */
function oneCore(targets: ReadonlySet<string>): Plugin {
  const core = join(root, 'src', 'system', 'module-system.ts')
  const entries = options.entryPoints.map((entry) => join(root, entry))
  const users = new Set([...targets, ...entries.filter((entry) => !entry.endsWith('component.ts'))])
  users.delete(core)
  return {
    name: 'one-core',
    setup(hooks) {
      hooks.onResolve({ filter: /^somon:core$/ }, () => ({ path: core, sideEffects: true }))
      hooks.onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, ({ path }) => {
        if (!users.has(path)) return undefined
        return { contents: `import 'somon:core';${readFileSync(path, 'utf8')}`, loader: 'ts' }
      })
    },
  }
}

/**
 * Takes libraries in the form that costs a start least.
 *
 * lru-cache for Node makes diagnostics channels that nobody here reads; get-tsconfig is evaluated
 * when the first tsconfig.json is read.
 */
function leanLibraries(): Plugin {
  const lru = join(root, 'node_modules', 'lru-cache', 'dist', 'esm', 'browser', 'index.min.js')
  const tsconfig = ['createPathsMatcher', 'parseTsconfig']
  return {
    name: 'lean-libraries',
    setup(hooks) {
      hooks.onResolve({ filter: /^lru-cache$/ }, () => ({ path: lru }))
      hooks.onResolve({ filter: /^get-tsconfig$/, namespace: 'file' }, ({ path }) => ({
        path,
        namespace: 'lazy',
      }))
      hooks.onLoad({ filter: /.*/, namespace: 'lazy' }, ({ path }) => ({
        contents: tsconfig
          .map(
            (name) => `export const ${name} = (...given) => require('${path}').${name}(...given)`,
          )
          .join('\n'),
        resolveDir: root,
      }))
    },
  }
}

/** The packages that users install beside somon stay imports. */
function dependencies(): string[] {
  return Object.keys(manifest.dependencies)
}

/** A statement in old syntax that refuses an old Node with the sentence of bin/somon.js. */
function refusal(range: string): string {
  const [, major, minor] = /^>=(\d+)\.(\d+)$/.exec(range) ?? []
  if (minor === undefined) throw new Error(`Cannot read engines.node "${range}": write >=24.20`)
  return (
    '{let[a,b]=process.versions.node.split(".");' +
    `if(a<${major}||a==${major}&&b<${minor})` +
    `throw Error("somon needs Node.js ${major}.${minor} or newer; this is "+process.versions.node` +
    '+". Run the program with: npx -y -p node@24 -- node <file>")}'
  )
}

/** The licence of every package whose code is part of the output. */
function licences({ inputs }: Metafile): string {
  const packages = new Set<string>()
  for (const path of Object.keys(inputs)) {
    const match = /^(?:.*\/)?node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)
    if (match?.[0] !== undefined) packages.add(match[0])
  }
  return [...packages]
    .toSorted((a, b) => a.localeCompare(b))
    .map((folder) => licenceOf(join(root, folder)))
    .join('\n')
}

function licenceOf(folder: string): string {
  const { name, version, license } = JSON.parse(
    readFileSync(join(folder, 'package.json'), 'utf8'),
  ) as {
    name: string
    version: string
    license: string
  }
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
  const text = file !== undefined && existsSync(join(folder, file)) ? join(folder, file) : undefined
  const body = text === undefined ? '' : readFileSync(text, 'utf8')
  return `${name} ${version} (${license})\n\n${body}\n${'-'.repeat(72)}\n`
}
