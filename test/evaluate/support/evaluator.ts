import { existsSync, readFileSync } from 'node:fs'
import { createRequire, isBuiltin } from 'node:module'
import { dirname, resolve as resolvePath } from 'node:path'
import { EventHub } from '../../../src/base/events.ts'
import type { Artifact } from '../../../src/bundle/artifact.ts'
import { staticImportsOf } from '../../../src/bundle/static-imports.ts'
import {
  createEvaluator,
  type Evaluator,
  type EvaluatorParts,
} from '../../../src/evaluate/evaluator.ts'
import type { EvaluateEvents } from '../../../src/evaluate/events.ts'
import type { Generation, InstantiateRequest } from '../../../src/evaluate/generation.ts'
import type { Resolution } from '../../../src/resolve/resolution.ts'
import { FakeClock } from '../../support/fake-clock.ts'

/** An evaluator with real parts of its own row and simple answers from the rows around it. */
export interface EvaluatorRig extends Disposable {
  readonly evaluator: Evaluator
  readonly events: EventHub<EvaluateEvents>
  readonly clock: FakeClock
  /** Maps by artifact id, as the cache would hold them. */
  readonly maps: Map<string, string>
  /** Instantiates, binds and executes. */
  start(artifact: Artifact, request?: Partial<InstantiateRequest>): Promise<Generation>
}

export function createRig(root: string, overrides: Partial<EvaluatorParts> = {}): EvaluatorRig {
  const clock = new FakeClock()
  const events = new EventHub<EvaluateEvents>()
  const maps = new Map<string, string>()
  const evaluator = createEvaluator({
    root,
    clock,
    events,
    ledger: 'dispose',
    leakWarnMs: () => 60_000,
    disposeTimeoutMs: 5000,
    guards: undefined,
    staticImports: staticImportsOf,
    resolve: resolveSimply,
    importSource: () => Promise.reject(new Error('no sources here')),
    map: (id) => maps.get(id),
    awaitMap: (artifact) => Promise.resolve(maps.get(artifact.id)),
    inspected: () => false,
    sourceText: (_artifact, file) => {
      const path = resolvePath(root, file)
      return existsSync(path) ? readFileSync(path, 'utf8') : undefined
    },
    extendMeta: () => {},
    onFetch: () => {},
    onInvalidate: () => {},
    ...overrides,
  })
  let number = 0
  return {
    evaluator,
    events,
    clock,
    maps,
    async start(artifact, request) {
      number += 1
      const generation = evaluator.instantiate({ artifact, number, reloadable: true, ...request })
      await evaluator.bindImports(generation)
      await evaluator.execute(generation)
      return generation
    },
    [Symbol.dispose]: () => evaluator.close(),
  }
}

/** Resolves as Node does for the layouts that these tests use; paths with a dot are sources. */
export function resolveSimply(specifier: string, importer: string): Resolution {
  if (isBuiltin(specifier)) return { class: 'builtin', name: specifier }
  if (/^\.{0,2}\//.test(specifier)) {
    const file = resolvePath(dirname(importer), specifier)
    return existsSync(file)
      ? { class: 'source', file }
      : { class: 'missing', tried: [file], reason: 'there is no such file' }
  }
  const packageName = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  return { class: 'external', specifier, packageName, file: findPackage(specifier, importer) }
}

function findPackage(specifier: string, importer: string): string | undefined {
  try {
    return createRequire(importer).resolve(specifier)
  } catch {
    return undefined
  }
}
