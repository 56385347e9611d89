import type { RelPath } from '../base/project-path.ts'

/**
 * Tells which source file a place of a bundle came from, by the `// src/a.ts` lines that esbuild
 * prints before each piece of a file.
 *
 * A comment of the user's own does not survive bundling at the start of a line; only a line of a
 * template literal that reads exactly like one of these comments would be taken for it.
 */
export class PathComments {
  readonly #starts: number[] = []
  readonly #files: RelPath[] = []

  /** @param isInput - tells whether a path is one that the bundle was made of */
  constructor(bundled: string, isInput: (path: RelPath) => boolean) {
    for (const match of bundled.matchAll(/^\/\/ (.+)$/gm)) {
      const file = match[1] ?? ''
      if (!isInput(file)) continue
      this.#starts.push(match.index)
      this.#files.push(file)
    }
  }

  /** Returns the file of the last comment before `offset`; undefined in esbuild's own prelude. */
  fileAt(offset: number): RelPath | undefined {
    let low = 0
    let high = this.#starts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#starts[middle] ?? 0) <= offset) low = middle + 1
      else high = middle
    }
    return this.#files[low - 1]
  }
}
