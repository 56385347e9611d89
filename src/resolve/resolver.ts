import { dirname } from 'node:path'
import { systemClock } from '../base/clock.ts'
import type { Emitter, EventChannel } from '../base/events.ts'
import { Classifier, silent } from './classify.ts'
import { differencesOf } from './differences.ts'
import type { ResolveEvents } from './events.ts'
import { OxcSearch } from './oxc.ts'
import type { ListMemory } from './package-lists.ts'
import { Packages } from './packages.ts'
import type {
  ImportKind,
  Resolution,
  ResolutionStep,
  ResolveOptions,
  Resolver,
} from './resolution.ts'
import { isNamed, packageNameOf } from './specifier.ts'

/** Makes the resolver of one project; it reads nothing before it is asked. */
export function createResolver(
  options: ResolveOptions,
  parts: {
    readonly events: Emitter<ResolveEvents>
    /** What node_modules folders held in earlier processes; without it they are listed. */
    readonly memory?: ListMemory
  },
): Resolver {
  return new ProjectResolver(options, parts.events, parts.memory)
}

class ProjectResolver implements Resolver {
  readonly #options: ResolveOptions
  readonly #search: OxcSearch
  readonly #packages: Packages
  readonly #classifier: Classifier
  readonly #failed: EventChannel<ResolveEvents['resolve.failed']>
  #inlineNames: readonly string[] | undefined

  constructor(
    options: ResolveOptions,
    events: Emitter<ResolveEvents>,
    memory: ListMemory | undefined,
  ) {
    this.#options = options
    this.#search = new OxcSearch(options)
    this.#packages = new Packages(options.root, systemClock, memory)
    this.#classifier = new Classifier(options, this.#search, this.#packages)
    this.#failed = events.channel('resolve.failed')
  }

  resolve(specifier: string, importer: string, kind: ImportKind): Resolution {
    const resolution = this.#classifier.answer({ specifier, importer, kind, note: silent })
    const failed = resolution.class === 'missing' || resolution.class === 'refused'
    if (failed && this.#failed.listened) {
      const { class: outcome, reason } = resolution
      this.#failed.emit({ specifier, importer, kind, class: outcome, reason })
    }
    return resolution
  }

  explain(
    specifier: string,
    importer: string,
    kind: ImportKind = 'import',
  ): readonly ResolutionStep[] {
    const steps: ResolutionStep[] = []
    const note = (step: string, result: string): void => void steps.push({ step, result })
    const resolution = this.#classifier.answer({ specifier, importer, kind, note })
    note('answer', describe(resolution))
    const request = { specifier, importer, kind }
    for (const text of differencesOf(request, resolution, this.#search)) note('warning', text)
    return steps
  }

  inlineNames(): readonly string[] {
    this.#inlineNames ??= this.#collectInlineNames()
    return this.#inlineNames
  }

  versionOf(file: string): string | undefined {
    return this.#packages.versionAt(dirname(file))
  }

  clear(): void {
    this.#search.clear()
    this.#packages.clear()
    this.#inlineNames = undefined
  }

  #collectInlineNames(): readonly string[] {
    const { root, inline, externals } = this.#options
    const packages = this.#packages.scan()
    const names = new Set(packages.workspace)
    const own = this.#packages.nearest(root)?.name
    if (own !== undefined) names.add(own)
    for (const pattern of inline) {
      if (!pattern.includes('*')) names.add(packageNameOf(pattern) ?? pattern)
    }
    for (const name of inline.length === 0 ? [] : packages.installed) {
      if (isNamed(name, inline) || isNamed(`${name}/_`, inline)) names.add(name)
    }
    return [...names].filter((name) => !isNamed(name, externals)).toSorted()
  }
}

function describe(resolution: Resolution): string {
  if (resolution.class === 'source') return `source ${resolution.file}`
  if (resolution.class === 'builtin') return `builtin ${resolution.name}`
  if (resolution.class !== 'external') return `${resolution.class}: ${resolution.reason}`
  const { file, specifier, fault } = resolution
  if (fault !== undefined) return `external "${specifier}", which cannot be imported: ${fault}`
  return `external ${file ?? `"${specifier}", not installed or left to Node`}`
}
