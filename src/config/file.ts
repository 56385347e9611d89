import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { codeFrame } from '../base/code-frame.ts'
import { codeOf, messageOf, type ErrorDetails } from '../base/error.ts'
import { toRelPath } from '../base/project-path.ts'
import { configAmbiguous, configImportFailed, configNotFound, configSyntax } from './errors.ts'
import { parseJson } from './json.ts'
import { TextFault, type ParsedText } from './parsed-text.ts'

/** The names of configuration files, in the order in which documentation lists them. */
export const CONFIG_FILES = [
  'somon.config.ts',
  'somon.config.mts',
  'somon.config.js',
  'somon.config.mjs',
  'somon.config.json',
  'somon.toml',
  'somon.yaml',
] as const

/** A configuration file that was read. */
export interface ConfigFile {
  /** Absolute path. */
  readonly file: string
  /** As messages name it, relative to the folder the search began in. */
  readonly name: string
  readonly values: Readonly<Record<string, unknown>>
  /** TOML, YAML and JSON may refer to variables; code has its own ways. */
  readonly interpolates: boolean
  /** Place and frame of a key, for an error. */
  detailsOf(path: readonly string[]): ErrorDetails
}

/**
 * Finds and reads the configuration of a project.
 *
 * Without `explicit` the first folder upward of `cwd` that holds one of `CONFIG_FILES` counts; the
 * search ends at the nearest folder with a package.json or .git. TypeScript and JavaScript are
 * imported, and evaluated once per process.
 *
 * @param explicit - a file of any name with one of the known endings, relative to `cwd`
 * @throws SomonError SOMON_CONFIG_AMBIGUOUS, SOMON_CONFIG_NOT_FOUND, SOMON_CONFIG_SYNTAX,
 *   SOMON_CONFIG_IMPORT_FAILED
 */
export async function readConfigFile(
  cwd: string,
  explicit?: string,
): Promise<ConfigFile | undefined> {
  const file = explicit === undefined ? findConfigFile(cwd) : resolve(cwd, explicit)
  if (file === undefined) return undefined
  const name = toRelPath(cwd, file)
  return CODE.has(extname(file)) ? importConfig(file, name) : readText(file, name)
}

/** Finds the configuration file of a folder; undefined when there is none. */
function findConfigFile(cwd: string): string | undefined {
  for (let folder = cwd; ; folder = dirname(folder)) {
    const found = CONFIG_FILES.map((name) => join(folder, name)).filter((file) => existsSync(file))
    if (found.length > 1)
      throw configAmbiguous({ files: found.map((file) => toRelPath(cwd, file)) })
    if (found[0] !== undefined) return found[0]
    const isBorder = existsSync(join(folder, 'package.json')) || existsSync(join(folder, '.git'))
    if (isBorder || folder === dirname(folder)) return undefined
  }
}

const CODE: ReadonlySet<string> = new Set(['.ts', '.mts', '.js', '.mjs'])

async function importConfig(file: string, name: string): Promise<ConfigFile> {
  if (!existsSync(file)) throw configNotFound({ file: name, reason: 'it does not exist' })
  let namespace: { readonly default?: unknown }
  try {
    namespace = await import(pathToFileURL(file).href)
  } catch (error) {
    throw configImportFailed({ file: name, reason: messageOf(error) }, { cause: error })
  }
  const values = namespace.default
  if (!isObject(values)) {
    throw configSyntax({ file: name, reason: 'its default export is no object' })
  }
  return { file, name, values, interpolates: false, detailsOf: () => ({}) }
}

async function readText(file: string, name: string): Promise<ConfigFile> {
  const text = await textOf(file, name)
  const details = (line: number, column: number): ErrorDetails => {
    const location = { file: name, line, column }
    return { location, frame: codeFrame(text, location) }
  }
  let parsed: ParsedText
  try {
    parsed = await parseAs(basename(file), text)
  } catch (error) {
    if (!(error instanceof TextFault)) throw error
    const { line, column } = error.position
    const reason = `${error.message} (${line}:${column})`
    throw configSyntax({ file: name, reason }, { cause: error, ...details(line, column) })
  }
  // An empty YAML file is null.
  const values = parsed.values ?? {}
  if (!isObject(values)) throw configSyntax({ file: name, reason: 'it holds no table of settings' })
  return {
    file,
    name,
    values,
    interpolates: true,
    detailsOf(path) {
      const position = parsed.locate(path)
      return position === undefined ? {} : details(position.line, position.column)
    },
  }
}

async function textOf(file: string, name: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).replace(/^\uFEFF/, '')
  } catch (error) {
    const reason = codeOf(error) === 'ENOENT' ? 'it does not exist' : messageOf(error)
    throw configNotFound({ file: name, reason }, { cause: error })
  }
}

/** TOML and YAML cost their parsers' import only where they are used. */
async function parseAs(name: string, text: string): Promise<ParsedText> {
  switch (extname(name)) {
    case '.toml':
      return (await import('./toml.ts')).parseToml(text)
    case '.yaml':
    case '.yml':
      return (await import('./yaml.ts')).parseYaml(text)
    case '.json':
      return parseJson(text)
    default:
      throw configSyntax({
        file: name,
        reason: 'its ending is none of .ts .mts .js .mjs .json .toml .yaml',
      })
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
