import type { Clock } from '../base/clock.ts'
import type { Digest } from '../base/digest.ts'
import { fromRelPath } from '../base/project-path.ts'
import type { ArtifactFacts } from '../bundle/artifact.ts'
import { errorsWithin, readStack } from './settle-error.ts'
import { SourceMaps, type SourcePosition } from './source-map.ts'

type Handler = (error: Error, sites: NodeJS.CallSite[]) => unknown

/** A place in a source of a certain artifact. */
export interface MappedPosition extends SourcePosition {
  readonly artifact: ArtifactFacts
}

/** What mapping stacks works with. */
export interface StackParts {
  readonly root: string
  readonly clock: Clock
  /** The source map of an artifact as JSON text, if it is there without waiting. */
  readonly map: (artifactId: Digest) => string | undefined
  /** The same, made or fetched when it is not there. */
  readonly awaitMap: (artifact: ArtifactFacts) => Promise<string | undefined>
}

/**
 * Maps the stacks of errors that pass through generations back to the sources.
 *
 * Node maps no `vm.Script` code, whatever its flags, so each system puts one handler into
 * `Error.prepareStackTrace` of its thread and hands on to the one before. Call sites of our
 * scripts are passed on as views whose position and text are mapped: whoever formats, V8's way,
 * another system or a handler of the user's, shows sources.
 *
 * Invariants: the handler is installed with the first script and restored by `close()` when it is
 * still ours, otherwise it passes through for ever. An entry is dropped when its generation has
 * been collected; the last ones stay for errors that are mapped late.
 */
export class Stacks {
  readonly #parts: StackParts
  readonly #maps: SourceMaps
  readonly #entries = new Map<string, ArtifactFacts>()
  readonly #collected = new Map<string, ArtifactFacts>()
  /** The topmost mapped frame of each error whose stack was read while its map was there. */
  readonly #tops = new WeakMap<Error, MappedPosition>()
  #previous: Handler | undefined
  #installed: Handler | undefined
  #closed = false

  constructor(parts: StackParts) {
    this.#parts = parts
    this.#maps = new SourceMaps(parts.map, () => parts.clock.elapsed())
  }

  /** How many scripts are known. */
  get size(): number {
    return this.#entries.size
  }

  /** Makes a script's frames ours; also points a running one at a newer map of equal code. */
  register(filename: string, entry: ArtifactFacts): void {
    if (this.#closed) return
    this.#install()
    this.#entries.set(filename, entry)
  }

  /** What a script was compiled from; undefined when it is not known, or not any more. */
  artifactOf(filename: string): ArtifactFacts | undefined {
    return this.#entries.get(filename)
  }

  /** Forgets a script whose generation has been collected. */
  forget(filename: string): void {
    const entry = this.#entries.get(filename)
    if (entry === undefined) return
    this.#entries.delete(filename)
    this.#collected.set(filename, entry)
    const [oldest] = this.#collected.keys()
    if (this.#collected.size > MAX_COLLECTED && oldest !== undefined) {
      this.#collected.delete(oldest)
    }
  }

  /**
   * Waits for the maps that the stack of an error needs and rewrites what is still unmapped, in
   * its causes and parts too. Never rejects: an error without its map is better than another one.
   */
  async mapError(thrown: unknown): Promise<void> {
    const errors = errorsWithin(thrown)
    const wanted = new Map<Digest, ArtifactFacts>()
    for (const error of errors) {
      for (const { entry } of this.#unmapped(readStack(error))) wanted.set(entry.id, entry)
    }
    await Promise.all([...wanted.values()].map((entry) => this.#fetch(entry)))
    for (const error of errors) this.#rewrite(error)
  }

  /** The source position of the topmost frame of ours in an error's stack, once it is mapped. */
  topFrame(error: Error): MappedPosition | undefined {
    readStack(error)
    return this.#tops.get(error)
  }

  close(): void {
    this.#closed = true
    if (this.#installed !== undefined && Error.prepareStackTrace === this.#installed) {
      // Node declares the property as absent or a function; absent is what it was then.
      Reflect.set(Error, 'prepareStackTrace', this.#previous)
    }
    this.#entries.clear()
    this.#collected.clear()
  }

  #install(): void {
    if (this.#installed !== undefined || this.#closed) return
    // oxlint-disable-next-line typescript/unbound-method -- V8 calls it without `this` as well
    this.#previous = Error.prepareStackTrace
    this.#installed = (error, sites) => this.#prepare(error, sites)
    Error.prepareStackTrace = this.#installed
  }

  #prepare(error: Error, sites: NodeJS.CallSite[]): unknown {
    const format = this.#previous ?? formatLikeV8
    // After `close()` no script is known any more, so this is a pass-through.
    return format(error, this.#mapSites(error, sites))
  }

  #mapSites(error: Error, sites: NodeJS.CallSite[]): NodeJS.CallSite[] {
    let mapped: NodeJS.CallSite[] | undefined
    for (const [index, site] of sites.entries()) {
      const filename = site.getFileName()
      const entry = typeof filename === 'string' ? this.#entries.get(filename) : undefined
      if (entry === undefined || typeof filename !== 'string') continue
      const position = this.#maps.position(
        entry.id,
        site.getLineNumber() ?? 0,
        site.getColumnNumber() ?? 0,
      )
      if (position === undefined) continue
      this.#noteTop(error, { ...position, artifact: entry })
      mapped ??= [...sites]
      mapped[index] = mappedSite(site, this.#absolute(position))
    }
    return mapped ?? sites
  }

  #noteTop(error: unknown, position: MappedPosition): void {
    // `Error.captureStackTrace` takes any object, so the handler sees more than errors.
    if (error instanceof Error && !this.#tops.has(error)) this.#tops.set(error, position)
  }

  #absolute(position: SourcePosition): SourcePosition {
    return { ...position, file: fromRelPath(this.#parts.root, position.file) }
  }

  async #fetch(entry: ArtifactFacts): Promise<void> {
    try {
      const text = await this.#parts.awaitMap(entry)
      if (text !== undefined) this.#maps.arrived(entry.id)
    } catch {
      // The frames stay as they are: positions in the bundle are true, only less handy.
    }
  }

  #rewrite(error: Error): void {
    const stack = readStack(error)
    if (stack === undefined) return
    const changed = stack.replace(FRAME, (whole, ...parts: string[]) => {
      const frame = this.#unmappedFrame(parts)
      const position = frame && this.#maps.position(frame.entry.id, frame.line, frame.column)
      if (frame === undefined || position === undefined) return whole
      this.#noteTop(error, { ...position, artifact: frame.entry })
      const { file, line, column } = this.#absolute(position)
      return `${frame.before}${file}:${line}:${column}${frame.after}`
    })
    if (changed !== stack) {
      // A frozen error keeps its text: a defined property would throw.
      Reflect.defineProperty(error, 'stack', { value: changed, configurable: true, writable: true })
    }
  }

  #unmapped(stack: string | undefined): UnmappedFrame[] {
    const frames = [...(stack?.matchAll(FRAME) ?? [])].map(([, ...parts]) =>
      this.#unmappedFrame(parts),
    )
    return frames.filter((frame) => frame !== undefined)
  }

  /** Reads what `FRAME` has caught; undefined when the script is none that is known. */
  #unmappedFrame(parts: readonly string[]): UnmappedFrame | undefined {
    const [head = '', line = '', column = '', after = ''] = parts
    // `at foo (/a/b.ts?g=1:2:3)`: a path may hold spaces and parentheses, so the known script
    // names decide where it starts.
    const name = this.#scriptAtEnd(head)
    if (name === undefined) return undefined
    const entry = this.#entries.get(name) ?? this.#collected.get(name)
    if (entry === undefined) return undefined
    const before = head.slice(0, head.length - name.length)
    return { before, entry, line: Number(line), column: Number(column), after }
  }

  #scriptAtEnd(text: string): string | undefined {
    for (const known of [this.#entries, this.#collected]) {
      for (const name of known.keys()) if (text.endsWith(name)) return name
    }
    return undefined
  }
}

interface UnmappedFrame {
  /** What stands in its line before the script's name. */
  readonly before: string
  readonly entry: ArtifactFacts
  readonly line: number
  readonly column: number
  /** The parenthesis that closes the line, or nothing. */
  readonly after: string
}

/** A line that ends with a whole position in a script of a generation. */
const FRAME = /^(.*\?g=\d+):(\d+):(\d+)(\)?)$/gm
const MAX_COLLECTED = 32

/** A view of a call site with another position; its text differs in `file:line:column` only. */
function mappedSite(site: NodeJS.CallSite, position: SourcePosition): NodeJS.CallSite {
  const { file, line, column } = position
  const toText = (): string => {
    const was = `${site.getFileName()}:${site.getLineNumber()}:${site.getColumnNumber()}`
    // oxlint-disable-next-line typescript/no-base-to-string -- V8's call sites have their own
    const text = site.toString()
    const at = text.lastIndexOf(was)
    if (at < 0) return text
    return `${text.slice(0, at)}${file}:${line}:${column}${text.slice(at + was.length)}`
  }
  const changed: Readonly<Record<string | symbol, () => unknown>> = {
    getFileName: () => file,
    getScriptNameOrSourceURL: () => file,
    getLineNumber: () => line,
    getColumnNumber: () => column,
    toString: toText,
  }
  return new Proxy(site, {
    get(target, key) {
      const ours = Object.hasOwn(changed, key) ? changed[key] : undefined
      if (ours !== undefined) return ours
      const value: unknown = Reflect.get(target, key)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

function formatLikeV8(error: Error, sites: NodeJS.CallSite[]): string {
  const head = describe(error)
  return sites.length === 0 ? head : `${head}\n    at ${sites.map(String).join('\n    at ')}`
}

/** The user's `toString` or `name` getter may throw; V8 then prints the fault instead. */
function describe(error: Error): string {
  try {
    return String(error)
  } catch {
    return '<error>'
  }
}
