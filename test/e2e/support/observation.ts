import { isPromise, isModuleNamespaceObject } from 'node:util/types'
import { pathToFileURL } from 'node:url'

/** What loading a project shows, as plain JSON. */
export interface Observation {
  /** What each export is, those of `observe` aside. */
  readonly exports?: unknown
  /** What the project's `observe()` returned. */
  readonly observed?: unknown
  /** What the load or `observe()` threw. */
  readonly error?: unknown
}

/**
 * Loads a project and describes what it exports: the same for both ways of running it.
 *
 * The project's folder is written `<root>`, so that copies at different places compare equal.
 */
export async function observationOf(
  root: string,
  load: () => Promise<Readonly<Record<string, unknown>>>,
): Promise<Observation> {
  const describe = describerOf(root)
  try {
    const { observe, ...exports } = await load()
    if (observe === undefined) return { exports: describe(exports) as object }
    return { exports: describe(exports), observed: describe(await (observe as () => unknown)()) }
  } catch (error) {
    return { error: describe(thrownBy(error)) }
  }
}

/** Somon wraps what a module throws in a coded error; the module's own error is compared. */
function thrownBy(error: unknown): unknown {
  const isWrapper =
    error instanceof Error && 'code' in error && error.code === 'SOMON_EVALUATE_FAILED'
  return isWrapper ? error.cause : error
}

function describerOf(root: string): (value: unknown) => unknown {
  const places: readonly [string, string][] = [
    [pathToFileURL(root).href, 'file://<root>'],
    [root, '<root>'],
  ]
  const text = (value: string): string =>
    places.reduce((result, [place, name]) => result.replaceAll(place, name), value)
  const describe = (value: unknown, depth = 0): unknown => {
    if (depth > 8) return '[deep]'
    if (typeof value === 'string') return text(value)
    if (typeof value === 'function') return `[function ${value.name}]`
    if (typeof value !== 'object' || value === null) return primitive(value)
    if (value instanceof Error) return describeError(value, (part) => describe(part, depth + 1))
    if (value instanceof Uint8Array) return `[bytes ${Buffer.from(value).toString('hex')}]`
    if (value instanceof RegExp) return String(value)
    if (isPromise(value)) return '[promise]'
    if (Array.isArray(value)) return value.map((part) => describe(part, depth + 1))
    const entries = Object.entries(value).map(([key, part]) => [key, describe(part, depth + 1)])
    const order = isModuleNamespaceObject(value) || depth === 0 ? entries.toSorted(byKey) : entries
    return Object.fromEntries(order)
  }
  return (value) => describe(value)
}

function primitive(value: unknown): unknown {
  if (value === undefined) return '[undefined]'
  if (typeof value === 'bigint' || typeof value === 'symbol') return `[${String(value)}]`
  return Object.is(value, -0) ? '[-0]' : value
}

function describeError(error: Error, describe: (value: unknown) => unknown): object {
  return {
    name: error.name,
    message: describe(error.message),
    ...('code' in error ? { code: error.code } : {}),
    frames: framesOf(error).map((frame) => describe(frame)),
    ...(error.cause === undefined ? {} : { cause: describe(error.cause) }),
    ...(error instanceof AggregateError ? { errors: describe(error.errors) } : {}),
  }
}

/** The frames in the project's own files, as `function (file:line:column)`. */
function framesOf(error: Error): string[] {
  return String(error.stack)
    .split('\n')
    .map((line) => line.trim().replace('file://', ''))
    .filter((line) => line.startsWith('at ') && /somon-test-[^:]*:\d+:\d+/.test(line))
    .filter((line) => !line.includes('node_modules/.cache'))
}

function byKey(a: readonly unknown[], b: readonly unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1
}
