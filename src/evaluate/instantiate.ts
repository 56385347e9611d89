import type { Digest } from '../base/digest.ts'
import { importerPath, type RelPath } from '../base/project-path.ts'
import type { Artifact } from '../bundle/artifact.ts'
import type { GenerationInfo } from '../bundle/plugin.ts'
import type { InstantiateRequest, Namespace } from './generation.ts'
import { HotState } from './hot.ts'
import { importMetaOf } from './import-meta.ts'
import type { GuardedRequires } from './guarded-require.ts'
import { Importer } from './importer.ts'
import type { Imports } from './imports.ts'
import type { Ledger } from './ledger.ts'
import { LiveGeneration, type Body } from './live-generation.ts'
import { NamespaceBuilder } from './namespace.ts'
import type { Ownership, OwnerToken } from './ownership.ts'
import { compileArtifact } from './script.ts'
import { ownFetch } from './own-fetch.ts'
import { ownTimers } from './timers.ts'

/** What the generations of one system share. */
export interface InstantiateParts {
  readonly root: string
  readonly imports: Imports
  readonly requires: GuardedRequires
  readonly ownership: Ownership
  /** The source map that a debugger needs; undefined while none is attached. */
  readonly inlineMap: (artifactId: Digest) => string | undefined
  /** Lets plugins add properties to `import.meta`. */
  readonly extendMeta: (meta: Record<string, unknown>, generation: GenerationInfo) => void
  /** Called before each request that a module makes by its own `fetch`. */
  readonly onFetch: () => void
  /** What `import.meta.hot.invalidate()` asks for. */
  readonly onInvalidate: (module: RelPath) => void
}

/** The wrapper as a script returns it; its parameters are those of `bundle/wrap-convention.ts`. */
type Wrapper = (...scope: unknown[]) => () => Body

/**
 * Makes a generation of an artifact: compiles it, gives it its scope, and registers its exports.
 *
 * Runs nothing of the module: the first step of a wrapped text only hands out getters.
 *
 * @throws SomonError SOMON_EVALUATE_COMPILE_FAILED
 */
export function instantiate(request: InstantiateRequest, parts: InstantiateParts): LiveGeneration {
  const { artifact, number } = request
  const { root, ownership } = parts
  const map = parts.inlineMap(artifact.id)
  const compiled = compileArtifact(artifact, { root, number, codeCache: request.codeCache, map })
  const { token, ledger } = ownership.own(compiled.filename, artifact.entry) ?? {}
  const exports = new NamespaceBuilder()
  const dependencies: Namespace[] = []
  const controller = new AbortController()
  const hot = new HotState(request.hotData ?? {}, controller.signal, () =>
    parts.onInvalidate(artifact.entry),
  )
  const tag: Tag = (getters, stars, late) => exports.register(getters, stars, late)
  const importer = new Importer(artifact.entry)
  const scope = scopeOf(request, parts, { tag, dependencies, importer, hot, ledger, token })
  const wrapper = compiled.script.runInThisContext() as Wrapper
  const body = ownership.run(token, () => wrapper(...scope)())
  const first = ownership.run(token, () => body.next())
  const started = first instanceof Promise ? first : undefined
  // Its failure is reported by the step that waits for it.
  started?.catch(() => {})
  const { entry: module, id, deps, tla } = artifact
  return new LiveGeneration(
    { module, number, artifact: id, filename: compiled.filename, deps, tla, token, ledger },
    { compiled, exports, dependencies, importer, tag, hot, controller, body, started },
  )
}

/** The `$s` of a wrapper: takes its exports, and is what the leak detector watches. */
type Tag = (
  getters: Readonly<Record<string, () => unknown>>,
  stars?: readonly number[],
  late?: () => Namespace,
) => void

interface OwnParts {
  readonly tag: Tag
  readonly dependencies: Namespace[]
  readonly importer: Importer
  readonly hot: HotState
  readonly ledger: Ledger | undefined
  readonly token: OwnerToken | undefined
}

/** The arguments of a wrapper, in the order of `bundle/wrap-convention.ts`. */
function scopeOf(
  { artifact, number, main = false, reloadable }: InstantiateRequest,
  { root, imports, requires, ownership, extendMeta, onFetch }: InstantiateParts,
  { tag, dependencies, importer, hot, ledger, token }: OwnParts,
): readonly unknown[] {
  const { entry, id } = artifact
  const meta = importMetaOf({
    ...{ root, entry, main },
    hot: reloadable ? hot.hot : undefined,
    resolve: (specifier, from) => imports.resolveUrl(specifier, from),
    extend: (object) => extendMeta(object, { module: entry, number, artifact: id }),
  })
  return [
    tag,
    dependencies,
    meta,
    mentions(artifact, REQUIRE) ? requires.of(importerPath(root, entry), importer) : undefined,
    ...(mentions(artifact, TIMERS) ? ownTimers(ledger) : NO_TIMERS),
    mentions(artifact, FETCH) ? ownFetch((fn) => ownership.run(token, fn), onFetch) : undefined,
    ...artifact.dynamicSites.map(
      (from) =>
        (specifier: unknown, options?: unknown): Promise<Namespace> =>
          imports.dynamic(specifier, options, from, importer),
    ),
  ]
}

/**
 * Tells whether the body may read a parameter of the wrapper. Few modules need a `require` or
 * timers of their own, which take 3 KB together (docs/notes/node.md); `eval` can read any name.
 */
function mentions({ code, head }: Artifact, words: readonly string[]): boolean {
  return words.some((word) => code.includes(word, head))
}

const REQUIRE = ['require', 'eval']
const TIMERS = ['Timeout', 'Interval', 'Immediate', 'eval']
const FETCH = ['fetch', 'eval']
const NO_TIMERS: readonly undefined[] = Array.from({ length: 6 }, () => undefined)
