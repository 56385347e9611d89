import { codeOf } from '../../base/error.ts'
import type { Emitter } from '../../base/events.ts'
import { untilAborted } from '../../base/until-aborted.ts'
import type { DependencyGuard } from '../dependency-guard.ts'
import type { GuardEvents } from '../events.ts'
import type { HeldCall } from '../held-call.ts'
import type { EdgeHost } from './edge.ts'

/** A package that Node imports, as the importer knows it. */
export interface ImportedPackage {
  readonly packageName: string
  /** The file that is imported; its package.json says the version. */
  readonly file: string
}

/** What imports are guarded with. */
export interface ImportEdgeParts {
  readonly host: Pick<EdgeHost, 'guardFor' | 'unsupported'>
  readonly events: Emitter<GuardEvents>
  /** The version of the package that a file belongs to. */
  readonly versionOf: (file: string) => string | undefined
}

/**
 * Guards the imports of packages. This edge installs nothing: whoever imports asks it.
 *
 * Only a package that is being imported is guarded. Once it is there, its functions are called as
 * if there were no guard.
 */
export class ImportEdge {
  readonly #parts: ImportEdgeParts

  constructor(parts: ImportEdgeParts) {
    this.#parts = parts
  }

  /** The guard of an import; undefined where the settings let it pass. */
  guardOf(owner: string, { packageName, file }: ImportedPackage): GuardedImport | undefined {
    const { host, events, versionOf } = this.#parts
    const target = { kind: 'module', packageName, version: versionOf(file) } as const
    const guard = host.guardFor(owner, target)
    if (guard === undefined) return undefined
    const { rate, retry } = guard.settings
    if (rate.perSecond > 0) host.unsupported(guard, 'rate', 'import')
    if (retry.max > 0) host.unsupported(guard, 'retry', 'import')
    return new GuardedImport(guard, events)
  }
}

/**
 * Stands between one owner and one package while it is imported: breaker and timeout.
 *
 * Nothing bounds how many imports run at once, since one artifact may import 200 files of a
 * package; nothing tries again, since the next load does.
 */
export class GuardedImport {
  readonly #guard: DependencyGuard
  readonly #events: Emitter<GuardEvents>

  constructor(guard: DependencyGuard, events: Emitter<GuardEvents>) {
    this.#guard = guard
    this.#events = events
  }

  /**
   * Runs an import; it cannot be stopped, so at the timeout it is left alone and goes on.
   *
   * @param load - its signal aborts at the timeout; what it throws is what the package threw
   * @throws SomonError SOMON_GUARD_OPEN, _ISOLATED, _DISPOSED, _TIMEOUT; what `load` throws
   */
  run<T>(load: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const held = this.#guard.enter({ isUnbounded: true })
    if (held instanceof Error) return Promise.reject(held)
    if (held === undefined) return load(new AbortController().signal)
    const loading = load(held.signal).then(
      (value) => {
        this.#succeeded(held)
        return value
      },
      (error: unknown) => {
        held.fail(error)
        throw error
      },
    )
    return untilAborted(loading, held.signal)
  }

  /**
   * The same for an import that is over when it returns; no timeout can act on it.
   *
   * @throws SomonError SOMON_GUARD_OPEN, _ISOLATED, _DISPOSED; what `load` throws
   */
  runSync<T>(load: () => T): T {
    const held = this.#guard.enter({ isUnbounded: true })
    if (held instanceof Error) throw held
    if (held === undefined) return load()
    try {
      const value = load()
      this.#succeeded(held)
      return value
    } catch (error) {
      // The package is well: it has a top-level await, which `require` cannot wait for.
      if (codeOf(error) === 'ERR_REQUIRE_ASYNC_MODULE') held.ignore()
      else held.fail(error)
      throw error
    }
  }

  /** Closes the circuit when the package has been imported, by whomever: no probe will follow. */
  recovered(): void {
    this.#guard.recovered()
  }

  /** Tells that only a new process can import it. */
  stuck(specifier: string, attempts: number): void {
    const channel = this.#events.channel('guard.import-stuck')
    const { owner, dependency } = this.#guard
    if (channel.listened) channel.emit({ owner, dependency, specifier, attempts })
  }

  #succeeded(held: HeldCall): void {
    held.ok()
    this.#guard.recovered()
  }
}
