import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { SomonError } from '../base/error.ts'
import type { BuildMessage } from '../bundle/build-message.ts'
import { fromRelPath, isModuleUrl, toRelPath, type RelPath } from '../base/project-path.ts'
import type { Artifact } from '../bundle/artifact.ts'
import type { Settings } from '../config/settings.ts'
import { importPlace, type SourceText } from '../evaluate/code-frames.ts'
import { importFailed } from '../evaluate/errors.ts'
import { packageNameOf } from '../resolve/specifier.ts'
import { asLoadError } from '../module/as-load-error.ts'
import { typescriptMissing } from './errors.ts'
import type { ValidateOptions, ValidationReport } from './module-system-api.ts'
import type { Wired } from './wire.ts'

type EntryFindings = ValidationReport['entries'][number]

/**
 * Resolves and builds entries and reports what is wrong with them; runs none of their code.
 *
 * External packages have to be installed. With `externals` every external is imported and the imported names are looked for, which runs
 * the code of those packages. With `types` the project's own `tsc --noEmit` runs beside.
 *
 * @param entries - as a user writes them; undefined means the live modules
 */
export async function validateEntries(
  wired: Wired,
  settings: Settings,
  entries: readonly string[] | undefined,
  options: ValidateOptions,
): Promise<ValidationReport> {
  const wanted = entries ?? [...wired.registry.modules].map((module) => `./${module.id}`)
  // Both are awaited at once: a type check that fails early would else be an unhandled rejection.
  const [findings, checked] = await Promise.all([
    Promise.all(wanted.map((entry) => validateOne(wired, settings.root, entry, options))),
    options.types === true ? checkTypes(settings, options.signal) : undefined,
  ])
  const ok = findings.every(({ errors }) => errors.length === 0) && checked?.ok !== false
  return checked === undefined
    ? { ok, entries: findings }
    : { ok, entries: findings, types: checked }
}

async function validateOne(
  wired: Wired,
  root: string,
  specifier: string,
  options: ValidateOptions,
): Promise<EntryFindings> {
  let entry = nameOf(wired.root, specifier)
  let warnings: readonly BuildMessage[] = []
  const errors: SomonError[] = []
  try {
    entry = wired.loader.entryOf(specifier)
    const loaded = await wired.loader.artifact(entry, signalOf(options))
    warnings = loaded.artifact.warnings
    if (options.externals === true) await bindOnly(wired, loaded)
    else errors.push(...notInstalled(wired, root, loaded.artifact))
  } catch (thrown) {
    const error = asLoadError(entry, thrown)
    errors.push(...(error.errors ?? [error]))
  }
  return { entry, errors, warnings }
}

/** What an entry is called that may not exist: its path relative to the root, else its URL. */
function nameOf(root: string, specifier: string): RelPath {
  if (isModuleUrl(specifier)) return specifier
  if (!/^file:/i.test(specifier)) return toRelPath(root, resolve(root, specifier))
  try {
    return toRelPath(root, fileURLToPath(specifier))
  } catch {
    // A URL that names no file of this machine has no other name.
    return specifier
  }
}

/** Looks for the packages that Node will import, without running them. */
function notInstalled({ resolver, loader }: Wired, root: string, artifact: Artifact): SomonError[] {
  const sourceText: SourceText = (facts, file) => loader.sourceText(facts, file)
  return artifact.deps.flatMap(({ spec, kind, importers }) => {
    const [importer] = importers
    if (kind !== 'external' || packageNameOf(spec) === undefined || importer === undefined)
      return []
    const found = resolver.resolve(spec, fromRelPath(root, importer), 'import')
    if (found.class !== 'external' || found.file !== undefined) return []
    const { fault, packageName } = found
    const reason = fault ?? `the package "${packageName}" is not installed`
    const help = fault === undefined ? { fix: `Install it: npm install ${packageName}` } : {}
    const error = importFailed({ importer, specifier: spec, reason }, help)
    return [Object.assign(error, importPlace(error, artifact, sourceText))]
  })
}

/** Binds the imports of a generation that is never executed. */
async function bindOnly(
  wired: Wired,
  loaded: Awaited<ReturnType<Wired['loader']['artifact']>>,
): Promise<void> {
  const { artifact, codeCache } = loaded
  const request = { artifact, codeCache, number: 0, reloadable: false }
  const generation = wired.evaluator.instantiate(request)
  try {
    await wired.evaluator.bindImports(generation)
  } finally {
    await wired.evaluator.retire(generation, { drainTimeoutMs: 0 })
  }
}

async function checkTypes(
  settings: Settings,
  signal: AbortSignal | undefined,
): Promise<{ readonly ok: boolean; readonly output: string }> {
  const args = [compilerOf(settings.root), '--noEmit', '--pretty', 'false']
  if (settings.loading.tsconfig !== null) args.push('--project', settings.loading.tsconfig)
  const child = spawn(process.execPath, args, {
    cwd: settings.root,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...signalOf({ signal }),
  })
  const closed = once(child, 'close')
  const [output, faults] = await Promise.all([text(child.stdout), text(child.stderr)])
  const [code] = await closed
  return { ok: code === 0, output: output + faults }
}

/** Finds the project's own TypeScript, because its version decides what is an error. */
function compilerOf(root: string): string {
  try {
    const manifest = createRequire(join(root, 'package.json')).resolve('typescript/package.json')
    const compiler = join(dirname(manifest), 'bin', 'tsc')
    if (existsSync(compiler)) return compiler
    throw new Error(`there is no ${compiler}`)
  } catch (cause) {
    throw typescriptMissing({ root: '.' }, { cause })
  }
}

function signalOf(options: { readonly signal?: AbortSignal | undefined }): {
  readonly signal?: AbortSignal
} {
  return options.signal === undefined ? {} : { signal: options.signal }
}
