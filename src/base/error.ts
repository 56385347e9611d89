/** A place in a text file; `line` is 1-based, `column` is 1-based in UTF-16 units. */
export interface SourceLocation {
  /** Relative to the project root, `/` separated, where the file lies below it; else absolute. */
  readonly file: string
  readonly line: number
  readonly column: number
  /** How many characters from `column` on belong to the fault. */
  readonly length?: number
}

/** What an error carries beside its message. */
export interface ErrorDetails {
  readonly cause?: unknown
  readonly location?: SourceLocation
  /** The code frame of `location`, several lines, without colour. */
  readonly frame?: string
  /** From the entry to the file that failed, each relative to the project root. */
  readonly importChain?: readonly string[]
  /** The single faults, when one operation found several. */
  readonly errors?: readonly SomonError[]
  /** True when the same call can succeed later without a change of its input. */
  readonly retryable?: boolean
  /** Replaces the fix of the catalogue where the case knows a better one. */
  readonly fix?: string
}

/**
 * The one error class of somon; match `code`, never the message.
 *
 * `message` says what could not be done and why, `fix` what to do about it, `data` holds the
 * facts of the message as values. `toJSON()` is what `--json` prints.
 */
export class SomonError extends Error {
  override readonly name: string = 'SomonError'
  readonly code: string
  readonly fix: string
  readonly data: Readonly<Record<string, unknown>>
  readonly location: SourceLocation | undefined
  readonly frame: string | undefined
  readonly importChain: readonly string[] | undefined
  readonly errors: readonly SomonError[] | undefined
  readonly retryable: boolean

  constructor(
    code: string,
    message: string,
    fix: string,
    data: Readonly<Record<string, unknown>> = {},
    details: ErrorDetails = {},
  ) {
    super(message, 'cause' in details ? { cause: details.cause } : undefined)
    this.code = code
    this.fix = details.fix ?? fix
    this.data = data
    this.location = details.location
    this.frame = details.frame
    this.importChain = details.importChain
    this.errors = details.errors
    this.retryable = details.retryable ?? false
  }

  /** Returns the parts that are set, as plain JSON values; causes are printed 16 deep. */
  toJSON(): Record<string, unknown> {
    return errorToJson(this, 0)
  }
}

/** One row of the error catalogue, and the function that makes the error. */
export interface ErrorFactory<Data extends object> {
  (data: Data, details?: ErrorDetails): SomonError
  readonly code: string
  /** One sentence for the reference: when this error occurs. */
  readonly when: string
  /** The fix as the reference prints it. */
  readonly remedy: string
}

/** How one error reads. */
export interface ErrorSpec<Data extends object> {
  /** `SOMON_<FOLDER>_<WHAT>`. */
  readonly code: string
  readonly when: string
  readonly remedy: string
  readonly message: (data: Data) => string
  /** The fix of one case; without it `remedy` is used. */
  readonly fix?: (data: Data) => string
  readonly retryable?: boolean
}

/** Makes the factory of one error code; `<folder>/errors.ts` exports nothing else. */
export function defineError<Data extends object>(spec: ErrorSpec<Data>): ErrorFactory<Data> {
  const create = (data: Data, details: ErrorDetails = {}): SomonError =>
    new SomonError(
      spec.code,
      spec.message(data),
      spec.fix?.(data) ?? spec.remedy,
      Object.assign<Record<string, unknown>, Data>({}, data),
      spec.retryable === undefined ? details : { retryable: spec.retryable, ...details },
    )
  return Object.assign(create, { code: spec.code, when: spec.when, remedy: spec.remedy })
}

/** Tells whether a value is a coded error, of any code or of the one given. */
export function isSomonError(value: unknown, code?: string): value is SomonError {
  return value instanceof SomonError && (code === undefined || value.code === code)
}

/**
 * Returns the message of anything that was thrown; it is a string and never throws, whatever the
 * error says its message is, and even where nothing can be read of it.
 */
export function messageOf(thrown: unknown): string {
  try {
    const message: unknown = thrown instanceof Error ? thrown.message : thrown
    return typeof message === 'string' ? message : textOf(message)
  } catch {
    return typeof thrown
  }
}

function textOf(value: unknown): string {
  try {
    return String(value)
  } catch {
    return Object.prototype.toString.call(value)
  }
}

/** Returns the `code` of a system or coded error, or undefined; never throws. */
export function codeOf(thrown: unknown): string | undefined {
  try {
    if (typeof thrown !== 'object' || thrown === null || !('code' in thrown)) return undefined
    return typeof thrown.code === 'string' ? thrown.code : undefined
  } catch {
    // What was thrown may be an object whose properties throw.
    return undefined
  }
}

/** Deeper causes are cut: a chain may close into a ring. */
const MAX_DEPTH = 16

function errorToJson(error: SomonError, depth: number): Record<string, unknown> {
  const json: Record<string, unknown> = {
    code: error.code,
    message: error.message,
    fix: error.fix,
    retryable: error.retryable,
  }
  if (Object.keys(error.data).length > 0) json.data = error.data
  if (error.location) json.location = error.location
  if (error.frame) json.frame = error.frame
  if (error.importChain) json.importChain = error.importChain
  if (depth >= MAX_DEPTH) return json
  if (error.errors) json.errors = error.errors.map((single) => errorToJson(single, depth + 1))
  if (error.cause !== undefined) json.cause = causeToJson(error.cause, depth + 1)
  return json
}

function causeToJson(cause: unknown, depth: number): unknown {
  if (cause instanceof SomonError) return errorToJson(cause, depth)
  if (!(cause instanceof Error)) return messageOf(cause)
  const json: Record<string, unknown> = { name: cause.name, message: cause.message }
  const code = codeOf(cause)
  if (code !== undefined) json.code = code
  if (cause.stack !== undefined) json.stack = cause.stack
  if (cause.cause !== undefined && depth < MAX_DEPTH) {
    json.cause = causeToJson(cause.cause, depth + 1)
  }
  return json
}
