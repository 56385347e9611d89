import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping'
import type { RelPath } from '../base/project-path.ts'

/** A place in a source file; `line` and `column` are 1-based. */
export interface SourcePosition {
  /** Relative to the project root, as the map names it. */
  readonly file: RelPath
  readonly line: number
  readonly column: number
}

/**
 * Source maps by artifact: kept as text by their owner, decoded here when a stack needs one.
 *
 * At most `maxDecoded` decoded maps are held, the most recently used ones: a decoded map takes
 * about three times its text. A map that is not there yet is asked for again after `RETRY_MS`.
 */
export class SourceMaps {
  readonly #decoded = new Map<string, TraceMap>()
  readonly #absentUntil = new Map<string, number>()
  readonly #text: (artifactId: string) => string | undefined
  readonly #now: () => number
  readonly #maxDecoded: number

  /**
   * @param text - returns the map of an artifact if it is there without waiting
   * @param now - monotonic ms
   */
  constructor(
    text: (artifactId: string) => string | undefined,
    now: () => number,
    maxDecoded: number = MAX_DECODED,
  ) {
    this.#text = text
    this.#now = now
    this.#maxDecoded = maxDecoded
  }

  /** How many maps are decoded now. */
  get decoded(): number {
    return this.#decoded.size
  }

  /** Returns the source of a place in the bundle, undefined where the map knows none. */
  position(artifactId: string, line: number, column: number): SourcePosition | undefined {
    const map = this.#map(artifactId)
    if (map === undefined || line < 1) return undefined
    const found = originalPositionFor(map, { line, column: Math.max(0, column - 1) })
    if (found.source === null) return undefined
    return { file: decodeSource(found.source), line: found.line, column: found.column + 1 }
  }

  /** Forgets that a map was absent: it has been made meanwhile. */
  arrived(artifactId: string): void {
    this.#absentUntil.delete(artifactId)
  }

  #map(artifactId: string): TraceMap | undefined {
    const known = this.#decoded.get(artifactId)
    if (known !== undefined) {
      this.#decoded.delete(artifactId)
      this.#decoded.set(artifactId, known)
      return known
    }
    if ((this.#absentUntil.get(artifactId) ?? -Infinity) > this.#now()) return undefined
    const text = this.#text(artifactId)
    const map = text === undefined ? undefined : decode(text)
    if (map === undefined) this.#noteAbsent(artifactId)
    else this.#keep(artifactId, map)
    return map
  }

  #keep(artifactId: string, map: TraceMap): void {
    this.#absentUntil.delete(artifactId)
    this.#decoded.set(artifactId, map)
    const [oldest] = this.#decoded.keys()
    if (this.#decoded.size > this.#maxDecoded && oldest !== undefined) this.#decoded.delete(oldest)
  }

  #noteAbsent(artifactId: string): void {
    this.#absentUntil.set(artifactId, this.#now() + RETRY_MS)
    const [oldest] = this.#absentUntil.keys()
    if (this.#absentUntil.size > MAX_ABSENT && oldest !== undefined) {
      this.#absentUntil.delete(oldest)
    }
  }
}

const MAX_DECODED = 32
const MAX_ABSENT = 32
/** A program that throws thousands of errors a second must not look for a map each time. */
const RETRY_MS = 1000

/** The sources of a map are URLs: esbuild escapes brackets, `#`, and whatever is not ASCII. */
function decodeSource(source: string): string {
  if (!source.includes('%')) return source
  try {
    return decodeURIComponent(source)
  } catch {
    return source
  }
}

/** A faulty map is no reason to lose a stack: it counts as absent. */
function decode(text: string): TraceMap | undefined {
  try {
    return new TraceMap(text)
  } catch {
    return undefined
  }
}
