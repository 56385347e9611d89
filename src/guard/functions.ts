/** The user's functions of one guard; they live in code only. */
export interface GuardFunctions {
  /** Returns a value in the place of an error; never counts as a success. */
  readonly fallback?: ((error: unknown) => unknown) | undefined
  /** False makes an error an answer of a healthy dependency. */
  readonly isFailure?: ((error: unknown) => boolean) | undefined
  /** Asks the dependency whether it is well, while its circuit is half-open. */
  readonly probe?: ((signal: AbortSignal) => unknown) | undefined
}
