import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Script } from 'node:vm'
import { WRAPPER_PARAMETERS } from '../../../src/bundle/wrap-convention.ts'

/** What running a wrapped text needs. */
export interface Runnable {
  readonly code: string
  readonly head: number
  readonly deps: readonly { readonly spec: string }[]
  readonly dynamicSites: readonly string[]
}

export interface RunOptions {
  readonly root?: string
  readonly entry?: string
  /** Namespaces by specifier; others are imported. */
  readonly modules?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly filename?: string
  /** Is called after the exports are registered and before the body runs. */
  readonly beforeBody?: (getters: Readonly<Record<string, () => unknown>>) => void
}

export interface Ran {
  /** The present value of every own export. */
  readonly exports: Readonly<Record<string, unknown>>
  readonly names: readonly string[]
  readonly stars: readonly number[]
  /** The object of names that only the body knows. */
  readonly late: object | undefined
  readonly dynamicCalls: readonly { readonly site: number; readonly args: readonly unknown[] }[]
}

/** Runs a wrapped text as `evaluate` does, by the convention and nothing else. */
export async function runWrapped(artifact: Runnable, options: RunOptions = {}): Promise<Ran> {
  const root = options.root ?? '/'
  const filename = options.filename ?? 'wrapped.js'
  const script = new Script(artifact.code, { filename, columnOffset: -artifact.head })
  let getters: Readonly<Record<string, () => unknown>> = {}
  let stars: readonly number[] = []
  let late: (() => object) | undefined
  const deps: Readonly<Record<string, unknown>>[] = []
  const metas = new Map<string, object>()
  const dynamicCalls: { site: number; args: readonly unknown[] }[] = []
  const meta = (file: string): object => {
    const found = metas.get(file) ?? metaOf(root, file)
    metas.set(file, found)
    return found
  }
  const scope: Record<string, unknown> = {
    ...globalThis,
    $s: (given: typeof getters, starred: readonly number[] = [], gathered?: () => object) => {
      late = gathered
      getters = given
      stars = starred
    },
    $d: deps,
    $m: meta,
    require: createRequire(join(root, options.entry ?? 'entry.js')),
  }
  for (const name of WRAPPER_PARAMETERS) scope[name] ??= Reflect.get(globalThis, name)
  const sites = artifact.dynamicSites.map((_, site) => async (...args: readonly unknown[]) => {
    dynamicCalls.push({ site, args })
    return options.modules?.[String(args[0])] ?? import(String(args[0]))
  })
  const wrapper = script.runInThisContext() as (...args: unknown[]) => () => { next(): unknown }
  const body = wrapper(...WRAPPER_PARAMETERS.map((name) => scope[name]), ...sites)()
  const registered = body.next()
  options.beforeBody?.(getters)
  await registered
  for (const { spec } of artifact.deps) {
    deps.push(options.modules?.[spec] ?? ((await import(spec)) as Record<string, unknown>))
  }
  await body.next()
  const exports = Object.fromEntries(Object.entries(getters).map(([name, get]) => [name, get()]))
  const gathered = late?.()
  return { exports, names: Object.keys(getters), stars, late: gathered, dynamicCalls }
}

function metaOf(root: string, file: string): object {
  const filename = join(root, file)
  return { url: `file://${filename}`, filename, dirname: join(filename, '..') }
}
