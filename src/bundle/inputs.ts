import type { Dirent, Stats } from 'node:fs'
import {
  closeSync,
  constants,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
} from 'node:fs'
import { basename, dirname } from 'node:path'
import type { Digest } from '../base/digest.ts'
import { digest } from '../base/digest.ts'
import type { RelPath } from '../base/project-path.ts'
import { toRelPath } from '../base/project-path.ts'
import { isSettled } from '../base/settled.ts'
import type { InputFile, InputOrigin } from './build-inputs.ts'
import { bindMeta } from './meta.ts'
import type { PluginBuild, SourceText } from './plugin-host.ts'
import type { Stamps } from './stamps.ts'
import { isSameStat } from './stamps.ts'

/** One file as it was read: bytes, digest and stat belong together. */
export interface ReadInput {
  readonly bytes: Uint8Array
  readonly sha256: Digest
  readonly stat: Stats
}

/**
 * What one build reads.
 *
 * A file is read once per build, whatever number of entries and attributes it is imported with,
 * and esbuild gets the very bytes that were hashed: there is no moment in which a file can change
 * between the two. The stat is that of the descriptor that was read.
 */
export class InputCollector {
  readonly #read = new Map<string, ReadInput>()
  #reader: (file: string) => ReadInput = readInput
  /** Files and folders plugins named, by who did. */
  readonly watchFiles: Map<string, string> = new Map()
  readonly watchDirs: Map<string, string> = new Map()
  /** Files that were imported with attributes. */
  readonly attributed: Set<string> = new Set()
  readonly #contents = new Map<string, Digest>()
  readonly #folders = new Map<string, FolderBefore>()

  /** Files read for the bundle, absolute, in the order of reading. */
  get files(): IterableIterator<string> {
    return this.#read.keys()
  }

  /** @throws the system's error when the file cannot be read */
  read(file: string): ReadInput {
    let input = this.#read.get(file)
    if (input === undefined) {
      input = this.#reader(file)
      this.#read.set(file, input)
    }
    return input
  }

  /** Reads through what an earlier build of the same entry has read. */
  readThrough(kept: KeptReads, now: number): void {
    this.#reader = (file) => kept.read(file, now)
  }

  /** Takes over what is known of a file that esbuild has read by itself. */
  adopt(file: string, input: ReadInput): void {
    this.#read.set(file, input)
  }

  /** Notes what a plugin used of a file or will write to it, and what stands beside it so far. */
  declare(file: string, contents: string | Uint8Array): void {
    const sha256 = digest(contents)
    const known = this.#contents.get(file)
    this.#contents.set(file, known === undefined || known === sha256 ? sha256 : CONFLICT)
    const folder = dirname(file)
    if (!this.#folders.has(folder)) this.#folders.set(folder, folderBefore(folder))
  }

  /** The digest of what plugins say a file holds. */
  declared(file: string): Digest | undefined {
    return this.#contents.get(file)
  }

  /** A folder as it was before a plugin wrote to it, save for the files that were declared. */
  before(folder: string): FolderBefore | undefined {
    return this.#folders.get(folder)
  }

  /** Returns what was read of a file, without reading it. */
  get(file: string): ReadInput | undefined {
    return this.#read.get(file)
  }
}

/**
 * What the builds of one hot entry have read: a file that a stat clears is not read again, and is
 * answered with the same object.
 *
 * A stat clears a file when nothing of it differs from that of the descriptor that was read, and
 * when `stamps` knew then that any later change would show.
 */
export class KeptReads {
  readonly #kept = new Map<string, ReadInput>()
  readonly #readFile: (file: string) => ReadInput
  readonly #stamps: Pick<Stamps, 'areSettled'>

  constructor(
    stamps: Pick<Stamps, 'areSettled'> = { areSettled: isSettled },
    readFile: (file: string) => ReadInput = readInput,
  ) {
    this.#stamps = stamps
    this.#readFile = readFile
  }

  /**
   * @param now - wall time before the build, ms
   * @throws the system's error when the file cannot be read
   */
  read(file: string, now: number): ReadInput {
    const kept = this.#kept.get(file)
    if (kept !== undefined && isSameStat(kept.stat, statSync(file, NO_THROW))) return kept
    const input = this.#readFile(file)
    if (this.#stamps.areSettled(input.stat, now)) this.#kept.set(file, input)
    else this.#kept.delete(file)
    return input
  }

  /** Keeps what was read of a file of which any later change would show. */
  keep(file: string, input: ReadInput): void {
    this.#kept.set(file, input)
  }

  /** Returns what is kept of a file, whatever has become of it. */
  get(file: string): ReadInput | undefined {
    return this.#kept.get(file)
  }

  /** Forgets all files but these. */
  retain(files: ReadonlySet<string>): void {
    for (const file of this.#kept.keys()) if (!files.has(file)) this.#kept.delete(file)
  }
}

const NO_THROW = { throwIfNoEntry: false } as const

/** The names in a folder, and when they had last changed. */
export interface FolderBefore {
  readonly mtimeMs: number
  readonly entries: readonly Dirent[]
}

/** No contents have this digest. */
const CONFLICT = ''

/** The time is read before the names: a name that comes in between only costs a check. */
function folderBefore(folder: string): FolderBefore {
  const stat = statSync(folder, { throwIfNoEntry: false })
  if (stat?.isDirectory() !== true) return { mtimeMs: Number.POSITIVE_INFINITY, entries: [] }
  return { mtimeMs: stat.mtimeMs, entries: readdirSync(folder, { withFileTypes: true }) }
}

/** Reads and hashes a file; synchronous, because promises cost a small file more than reading it (docs/notes/node.md). */
export function readInput(file: string): ReadInput {
  const descriptor = openSync(file, READ_WITHOUT_WAITING)
  try {
    const stat = fstatSync(descriptor)
    if (!stat.isFile() && !stat.isDirectory()) throw notRegular(file)
    const bytes = readFileSync(descriptor)
    return { bytes, sha256: digest(bytes), stat }
  } finally {
    closeSync(descriptor)
  }
}

/**
 * A named pipe would otherwise block the thread until somebody writes, and a device such as
 * `/dev/zero` never ends. Windows has no such flag.
 */
const READ_WITHOUT_WAITING = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

function notRegular(file: string): Error {
  return new Error(`"${basename(file)}" is no regular file`)
}

/** Returns the record of a file that was read. */
export function inputFile(
  root: string,
  file: string,
  input: ReadInput,
  origin: InputOrigin,
): InputFile {
  return inputRow(toRelPath(root, file), input, origin)
}

/** The same for a file whose relative path is known. */
export function inputRow(
  path: RelPath,
  { sha256, stat: { size, mtimeMs, ctimeMs, ino } }: ReadInput,
  origin: InputOrigin,
): InputFile {
  return [path, sha256, size, mtimeMs, ctimeMs, ino, origin]
}

/** What the reader of a build has to know. */
export interface ReaderOptions {
  readonly root: string
  /** esbuild loaders by extension, over the built-in ones. */
  readonly loader: Readonly<Record<string, string>>
}

/**
 * Makes the side of a build that plugins see.
 *
 * @param collector - is asked for at each use: a kept build context gets a new one per rebuild
 * @param only - the files that the reader answers for; esbuild reads all others by itself
 */
export function createPluginBuild(
  options: ReaderOptions,
  collector: () => InputCollector,
  only?: ReadonlySet<string>,
): PluginBuild {
  return {
    ...(only === undefined ? {} : { only }),
    read: async (file, attributes): Promise<SourceText> => {
      const inputs = collector()
      if (Object.keys(attributes).length > 0) inputs.attributed.add(file)
      return {
        contents: inputs.read(file).bytes,
        loader: loaderOf(file, attributes, options.loader),
      }
    },
    finish: (code, file) => bindMeta(code, toRelPath(options.root, file)),
    addWatchFile: (file, pluginName, _owner, contents) => {
      const inputs = collector()
      inputs.watchFiles.set(file, pluginName)
      if (contents !== undefined) inputs.declare(file, contents)
    },
    addWatchDir: (dir, pluginName) => void collector().watchDirs.set(dir, pluginName),
  }
}

/**
 * Chooses esbuild's loader: import attributes first, because `loader: 'default'` would drop them,
 * then the extension. `default` leaves an unknown extension to esbuild and its message.
 */
export function loaderOf(
  file: string,
  attributes: Readonly<Record<string, string>>,
  loaders: Readonly<Record<string, string>>,
): string {
  const wanted = attributes['type']
  if (wanted !== undefined) return ATTRIBUTE_LOADERS[wanted] ?? 'default'
  const name = basename(file)
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    const extension = name.slice(dot)
    const loader = loaders[extension] ?? EXTENSION_LOADERS[extension]
    if (loader !== undefined) return loader
  }
  return 'default'
}

const ATTRIBUTE_LOADERS: Readonly<Record<string, string>> = {
  json: 'json',
  text: 'text',
  bytes: 'binary',
}

const EXTENSION_LOADERS: Readonly<Record<string, string>> = {
  '.js': 'js',
  '.cjs': 'js',
  '.mjs': 'js',
  '.jsx': 'jsx',
  '.ts': 'ts',
  '.cts': 'ts',
  '.mts': 'ts',
  '.tsx': 'tsx',
  '.json': 'json',
  '.txt': 'text',
  '.css': 'text',
  '.module.css': 'local-css',
}
