import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../../../src/base/clock.ts'
import { EventHub } from '../../../src/base/events.ts'
import type { ImportGuards } from '../../../src/evaluate/import-guard.ts'
import { FunctionEdge, type FunctionEdgeParts } from '../../../src/guard/edges/function.ts'
import { ImportEdge } from '../../../src/guard/edges/import.ts'
import type { GuardEvents } from '../../../src/guard/events.ts'
import type { Nesting } from '../../../src/guard/nesting.ts'
import { GuardRegistry } from '../../../src/guard/registry.ts'
import type { GuardSettings } from '../../../src/guard/settings.ts'
import { resolverFor } from '../../support/build-options.ts'
import { guardSettings } from '../../guard/support/settings.ts'

/** Real guards before the imports of an evaluator, as a system connects them. */
export interface GuardedImports {
  readonly guards: ImportGuards
  readonly registry: GuardRegistry
  readonly events: EventHub<GuardEvents>
}

export function guardedImports(
  root: string,
  clock: Clock,
  options: {
    readonly settings?: GuardSettings
    readonly declared?: FunctionEdgeParts['declared']
  } = {},
): GuardedImports {
  const { settings = guardSettings(), declared = () => undefined } = options
  const events = new EventHub<GuardEvents>()
  const registry = new GuardRegistry({
    ...{ clock, events, random: () => 0, nesting: new AsyncLocalStorage<Nesting>() },
    settingsOf: () => settings,
    isDeclared: () => false,
    isKept: () => false,
    maxGuards: () => 1000,
  })
  const resolver = resolverFor({ root })
  const imports = new ImportEdge({
    events,
    versionOf: (file) => resolver.versionOf(file),
    host: {
      unsupported: () => {},
      guardFor: (owner, target) =>
        target.kind === 'module'
          ? registry.for(owner, `module:${target.packageName}@${target.version}`)
          : undefined,
    },
  })
  const functions = new FunctionEdge({ declared, guardOf: (owner) => registry.guardOf(owner) })
  const guards: ImportGuards = {
    guardOf: (owner, external) => imports.guardOf(owner, external),
    facadeOf: (owner, external, namespace, importer) =>
      functions.facadeOf(owner, external, namespace, importer),
  }
  return { guards, registry, events }
}
