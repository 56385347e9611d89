import { fileURLToPath, pathToFileURL } from 'node:url'
import { codeOf } from '../base/error.ts'
import type { StaticImport } from '../bundle/static-imports.ts'
import type { Namespace } from './generation.ts'
import type { ImportGuard } from './import-guard.ts'
import { keyOf, type ImportTarget, type ResolveImport } from './import-target.ts'
import { requireNamespace } from './require-namespace.ts'
import { settleError } from './settle-error.ts'

/** What attempts need of the other stages. */
export interface AttemptsParts {
  readonly resolve: ResolveImport
  /** What a file imports before it runs, in order; undefined where that cannot be told. */
  readonly staticImports: (file: string) => Promise<readonly StaticImport[] | undefined>
}

/**
 * Asks Node for namespaces, each once for a system, and again where it failed.
 *
 * Invariants: `#namespaces` holds what was imported, `#flights` what is being imported and not
 * abandoned, `#failures` what went wrong since. Node remembers the failed evaluation of a URL for
 * ever, so the next attempt asks under a fresh one (`?somon=n`), `MAX_ATTEMPTS` times at most
 * because each leaves a record behind.
 */
export class ImportAttempts {
  readonly #parts: AttemptsParts
  readonly #namespaces = new Map<string, Namespace>()
  readonly #flights = new Map<string, Flight>()
  readonly #failures = new Map<string, Failure>()

  constructor(parts: AttemptsParts) {
    this.#parts = parts
  }

  /** How many namespaces are held. */
  get size(): number {
    return this.#namespaces.size
  }

  known(target: ImportTarget): Namespace | undefined {
    return this.#namespaces.get(keyOf(target))
  }

  /**
   * Imports a target; those who ask at the same time share one attempt.
   *
   * Throws what Node threw: the same object again, without asking, once the target is stuck.
   *
   * @param signal - aborts when a caller has waited too long: then the attempt goes on alone, and
   *   whoever asks next makes another
   */
  import(target: ImportTarget, signal?: AbortSignal): Promise<Namespace> {
    const key = keyOf(target)
    const flight = this.#flights.get(key) ?? this.#start(key, target)
    signal?.addEventListener('abort', () => this.#abandon(key, flight, signal.reason), {
      once: true,
    })
    return flight.promise
  }

  /** Loads a target without waiting; a failure of it is Node's to remember or not. */
  importSync(target: ImportTarget): Namespace {
    const key = keyOf(target)
    try {
      return this.#succeeded(key, requireNamespace(target.url))
    } catch (error) {
      settleError(error)
      // A module keeps this failure under its own URL, a CommonJS file does not: see `#ask`.
      if (this.#attemptsOf(key) === 0) this.#note(key, { last: error })
      throw error
    }
  }

  /** What is known of a target that no further attempt can import. */
  spent(target: ImportTarget): Pick<Failure, 'attempts' | 'last'> | undefined {
    const failure = this.#failures.get(keyOf(target))
    return failure !== undefined && isSpent(failure) ? failure : undefined
  }

  /** Has a guard told when the target has been imported after all; one for each owner. */
  tellRecovery(target: ImportTarget, owner: string, guard: ImportGuard): void {
    this.#failures.get(keyOf(target))?.waiting.set(owner, guard)
  }

  #start(key: string, target: ImportTarget): Flight {
    const state = { isAbandoned: false }
    const promise = this.#attempt(key, target, state).finally(() => {
      if (this.#flights.get(key)?.state === state) this.#flights.delete(key)
    })
    const flight = { promise, state }
    this.#flights.set(key, flight)
    return flight
  }

  async #attempt(key: string, target: ImportTarget, state: FlightState): Promise<Namespace> {
    try {
      return this.#succeeded(key, await this.#ask(key, target, state))
    } catch (error) {
      settleError(error)
      if (!state.isAbandoned) this.#failed(key, error)
      throw error
    }
  }

  async #ask(key: string, target: ImportTarget, state: FlightState): Promise<Namespace> {
    const failure = this.#failures.get(key)
    if (failure === undefined) return importUnder(0, target)
    const { attempts, last } = failure
    if (isSpent(failure)) throw last
    if (attempts === 0) {
      try {
        return await importUnder(0, target)
      } catch (error) {
        if (!isSameObject(error, last)) throw error
        // Node has not run it again, although it was not known to remember this failure.
        this.#note(key, { attempts: 1 })
      }
    }
    // Another attempt has begun when this one took too long.
    if ((await this.#isBelow(target)) || state.isAbandoned) throw last
    return importUnder(Math.max(1, attempts), target)
  }

  /**
   * Tells whether something that the file imports has failed, so that no fresh URL of the file
   * itself can help.
   *
   * It has to be known before: Node 24.21 and 26.10 run a module above a failed CommonJS file when
   * it is imported a second time, with `undefined` for what it imports, and then end the process
   * by an unhandled rejection (docs/notes/node.md). What Node has imported is only looked up here.
   */
  async #isBelow({ url }: ImportTarget): Promise<boolean> {
    const file = fileURLToPath(url)
    const imports = await this.#parts.staticImports(file)
    if (imports === undefined) return true
    for (const { specifier, attributes } of imports) {
      const found = this.#parts.resolve(specifier, file, 'import')
      if (found.class === 'builtin') continue
      if (!('file' in found) || found.file === undefined) return true
      try {
        await import(pathToFileURL(found.file).href, { with: attributes })
      } catch (error) {
        if (!isForgotten(error)) return true
      }
    }
    return false
  }

  /** One that comes late finds a namespace that others have already, and leaves it to them. */
  #succeeded(key: string, namespace: Namespace): Namespace {
    const failure = this.#failures.get(key)
    this.#failures.delete(key)
    const known = this.#namespaces.get(key) ?? namespace
    this.#namespaces.set(key, known)
    for (const guard of failure?.waiting.values() ?? []) guard.recovered()
    return known
  }

  #failed(key: string, error: unknown): void {
    const failure = this.#failures.get(key)
    if (failure !== undefined && isSpent(failure)) return
    const attempts = this.#attemptsOf(key)
    const isSame = isSameObject(failure?.last, error)
    // The same object under a fresh URL: a module below failed, and its URL is not ours to vary.
    if (isSame && attempts > 0) {
      this.#note(key, { attempts: attempts + 1, isStuck: true })
      return
    }
    const isRemembered = !isForgotten(error) || isSame
    this.#note(key, { attempts: isRemembered ? attempts + 1 : attempts, last: error })
  }

  #abandon(key: string, flight: Flight, reason: unknown): void {
    if (this.#flights.get(key) !== flight) return
    this.#flights.delete(key)
    flight.state.isAbandoned = true
    this.#note(key, { attempts: this.#attemptsOf(key) + 1, last: reason })
  }

  #attemptsOf(key: string): number {
    return this.#failures.get(key)?.attempts ?? 0
  }

  #note(key: string, change: Partial<Failure>): void {
    const before = this.#failures.get(key) ?? {
      ...{ attempts: 0, last: undefined, isStuck: false },
      waiting: new Map<string, ImportGuard>(),
    }
    this.#failures.set(key, { ...before, ...change })
  }
}

const MAX_ATTEMPTS = 8

interface Flight {
  readonly promise: Promise<Namespace>
  readonly state: FlightState
}

interface FlightState {
  isAbandoned: boolean
}

interface Failure {
  /** How often Node was asked for a URL that it remembers. */
  readonly attempts: number
  readonly last: unknown
  /** No new URL helps: what failed lies below the package. */
  readonly isStuck: boolean
  /** Whom to tell when it has been imported after all, by owner. */
  readonly waiting: Map<string, ImportGuard>
}

function isSpent({ attempts, isStuck }: Failure): boolean {
  return isStuck || attempts > MAX_ATTEMPTS
}

/** Packages may throw anything, and equal texts say nothing about who threw them. */
function isSameObject(one: unknown, other: unknown): boolean {
  return typeof one === 'object' && one !== null && one === other
}

/** A file that is missing is looked for again, and one that cannot be parsed is read again. */
function isForgotten(error: unknown): boolean {
  return codeOf(error) === 'ERR_MODULE_NOT_FOUND' || error instanceof SyntaxError
}

async function importUnder(attempts: number, target: ImportTarget): Promise<Namespace> {
  const url = attempts === 0 ? target.url : `${target.url}?somon=${attempts}`
  return (await import(url, { with: target.attributes })) as Namespace
}
