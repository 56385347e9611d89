/** 1-based. */
export interface TextPosition {
  readonly line: number
  readonly column: number
}

/** A configuration text as values, with the way back to where each was written. */
export interface ParsedText {
  readonly values: unknown
  /** Finds a key, or the innermost table around it, by its path as it is written. */
  locate(path: readonly string[]): TextPosition | undefined
}

/** Says why a text cannot be parsed, and where; `file.ts` makes the coded error of it. */
export class TextFault extends Error {
  override readonly name = 'TextFault'
  readonly position: TextPosition

  constructor(reason: string, position: TextPosition) {
    super(reason)
    this.position = position
  }
}
