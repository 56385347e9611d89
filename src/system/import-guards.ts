import type { Emitter } from '../base/events.ts'
import type {
  ExternalPackage,
  ImportGuard,
  ImportGuards as Asked,
} from '../evaluate/import-guard.ts'
import type { Namespace } from '../evaluate/generation.ts'
import type { GuardEvents } from '../guard/events.ts'
import { FunctionEdge } from '../guard/edges/function.ts'
import { ImportEdge } from '../guard/edges/import.ts'
import type { SystemGuards } from './system-guards.ts'

/** Puts guards between the modules of a system and the packages that they import. */
export class ImportGuards implements Asked {
  readonly #guards: SystemGuards
  readonly #imports: ImportEdge
  readonly #functions: FunctionEdge

  /** @param versionOf - the version of the package that a file belongs to */
  constructor(
    guards: SystemGuards,
    events: Emitter<GuardEvents>,
    versionOf: (file: string) => string | undefined,
  ) {
    this.#guards = guards
    this.#imports = new ImportEdge({ host: guards.host, events, versionOf })
    this.#functions = new FunctionEdge({
      guardOf: (owner) => guards.guardOf(owner),
      declared: (packageName) => guards.functionsOf(packageName),
    })
  }

  guardOf(owner: string, external: ExternalPackage): ImportGuard | undefined {
    return this.#guards.isEnabled ? this.#imports.guardOf(owner, external) : undefined
  }

  facadeOf(
    owner: string,
    external: ExternalPackage,
    namespace: Namespace,
    importer: string,
  ): Namespace {
    if (this.#guards.isEnabled) this.#guards.afterImport()
    // Also while guards are off: imports are bound once, and guards may be switched on later.
    return this.#functions.facadeOf(owner, external, namespace, importer)
  }
}
