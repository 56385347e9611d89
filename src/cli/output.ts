import { Writable } from 'node:stream'
import { styleText } from 'node:util'
import type { SomonError } from '../base/error.ts'
import { type Paint, renderError, toSomonError } from './render-error.ts'

/** What output needs of a stream; `process.stdout` is one. */
export interface TextStream {
  readonly isTTY?: boolean | undefined
  readonly columns?: number | undefined
  write(text: string): unknown
}

/** Levels of `--log-level`, quietest last. */
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
/** A level of `--log-level`; `silent` prints nothing. */
export type OutputLevel = (typeof LEVELS)[number]

type Style = Parameters<typeof styleText>[0]

/**
 * Everything a command says. Results go to stdout, all else to stderr; with `json` stdout gets
 * exactly one document, `{ok, command, result}` or `{ok, command, error}`.
 */
export class Output {
  readonly json: boolean
  readonly #out: TextStream
  readonly #err: TextStream
  #level: number
  readonly #color: boolean | undefined
  readonly #command: string

  constructor(options: {
    readonly command: string
    readonly out: TextStream
    readonly err: TextStream
    readonly json: boolean
    readonly level: OutputLevel
    /** Undefined: as the stream and the environment say. */
    readonly color: boolean | undefined
  }) {
    this.#command = options.command
    this.#out = options.out
    this.#err = options.err
    this.json = options.json
    this.#level = LEVELS.indexOf(options.level)
    this.#color = options.color
  }

  /** Is set again once the settings of the project are known: `log.level`. */
  set level(level: OutputLevel) {
    this.#level = LEVELS.indexOf(level)
  }

  /** True when progress may be drawn: a terminal reads stderr and nothing was silenced. */
  get interactive(): boolean {
    return this.#err.isTTY === true && this.#says('info')
  }

  /** True when errors are shown with everything there is to them. */
  get saysAll(): boolean {
    return this.#says('debug')
  }

  get stderr(): TextStream {
    return this.#err
  }

  /** The answer of a command: `text` for people, `value` for `--json`. */
  result(value: unknown, text: string): void {
    if (this.json) this.#document({ ok: true, command: this.#command, result: value })
    else if (text !== '') this.#out.write(ended(text))
  }

  /** An answer that holds findings: as `result`, with `ok: false`. */
  findings(value: unknown, text: string): void {
    if (this.json) this.#document({ ok: false, command: this.#command, result: value })
    else if (text !== '') this.#out.write(ended(text))
  }

  /** One line of JSON on stdout: commands that go on print a document for each event. */
  event(value: object): void {
    this.#out.write(`${JSON.stringify({ command: this.#command, ...value }, rounded)}\n`)
  }

  /** Text that is written to stdout as it is, for output that another program reads. */
  raw(text: string): void {
    this.#out.write(text)
  }

  info(text: string): void {
    if (this.#says('info')) this.#err.write(ended(text))
  }

  debug(text: string): void {
    if (this.#says('debug')) this.#err.write(ended(this.dim(text)))
  }

  warn(text: string): void {
    if (this.#says('warn')) this.#err.write(ended(`${this.err('yellow', 'warning')} ${text}`))
  }

  /** The one place where an error becomes text or JSON. */
  error(thrown: unknown): SomonError {
    const error = toSomonError(thrown)
    if (this.json) this.#document({ ok: false, command: this.#command, error: error.toJSON() })
    else if (this.#says('error')) {
      const paint: Paint = (style, text) => this.err(style, text)
      this.#err.write(ended(renderError(error, paint, this.saysAll)))
    }
    return error
  }

  /** Styles a text for stdout. */
  paint(style: Style, text: string): string {
    return this.#style(style, text, this.#out)
  }

  /** Styles a text for stderr. */
  err(style: Style, text: string): string {
    return this.#style(style, text, this.#err)
  }

  dim(text: string): string {
    return this.err('dim', text)
  }

  /** A document on stdout says it all, errors included. */
  #says(level: OutputLevel): boolean {
    return !this.json && LEVELS.indexOf(level) >= this.#level
  }

  #document(value: unknown): void {
    this.#out.write(`${JSON.stringify(value, rounded, 2)}\n`)
  }

  #style(style: Style, text: string, stream: TextStream): string {
    if (this.#color === false) return text
    if (this.#color === true) return styleText(style, text, { validateStream: false })
    if (!(stream instanceof Writable)) return text
    // styleText itself reads NO_COLOR, NODE_DISABLE_COLORS, FORCE_COLOR and the terminal.
    return styleText(style, text, { stream })
  }
}

/** A clock's sixteen digits say nothing after the microsecond. */
function rounded(key: string, value: unknown): unknown {
  return key === 'durationMs' && typeof value === 'number' ? Math.round(value * 1e3) / 1e3 : value
}

function ended(text: string): string {
  return text.endsWith('\n') ? text : `${text}\n`
}
