import type { SomonError } from '../base/error.ts'
import {
  mergeSettings,
  type Declaration,
  type Declarations,
  type DependencyKind,
} from './declaration.ts'
import { guardSetting } from './errors.ts'
import { LOWEST_LIMIT } from './gradient2.ts'
import { normalised } from './keys.ts'
import { originOf } from './origin.ts'
import type { GuardSettings } from './settings.ts'

/**
 * Finds what contradicts itself or could have no effect, in the settings of all guards and in what
 * is declared of single dependencies. Empty when everything goes together.
 *
 * @param base - the settings of a guard that nobody declares
 */
export function checkDeclarations(
  base: GuardSettings,
  declarations: Declarations,
): readonly SomonError[] {
  const faults: SomonError[] = []
  const check = (dependency: string, found: readonly Fault[]): void => {
    for (const [setting, reason] of found)
      faults.push(guardSetting({ dependency, setting, reason }))
  }
  check('*', contradictions(base))
  const owners = new Map<string, string>()
  for (const [name, declaration] of Object.entries(declarations)) {
    check(name, [
      ...withoutKind(declaration),
      ...ofOtherKinds(declaration),
      ...ofOneGuard(name, declaration, declarations),
      ...(declaration.kind === 'http'
        ? [...routeFaults(declaration), ...probeFaults(declaration)]
        : []),
      ...matchFaults(name, declaration, owners),
      ...contradictions(mergeSettings(base, declaration)).filter(
        // What holds for all is said once.
        ([setting]) => contradictions(base).every(([known]) => known !== setting),
      ),
    ])
  }
  return faults
}

type Fault = readonly [setting: string, reason: string]

/** Settings that can only be meant together. */
function contradictions({ breaker, timeoutMs, bulkhead, rate }: GuardSettings): readonly Fault[] {
  const faults: Fault[] = []
  const { slowCallMs, windowMs, buckets } = breaker
  if (slowCallMs > 0 && timeoutMs > 0 && slowCallMs >= timeoutMs) {
    faults.push([
      'breaker.slowCallMs',
      `a call ends after ${timeoutMs} ms (timeoutMs), so none can take ${slowCallMs} ms`,
    ])
  }
  if (windowMs < buckets) {
    faults.push(['breaker.buckets', `a window of ${windowMs} ms has no ${buckets} parts`])
  }
  if (bulkhead.mode === 'gradient2' && bulkhead.max < LOWEST_LIMIT) {
    faults.push([
      'bulkhead.max',
      `"gradient2" finds a limit from ${LOWEST_LIMIT} on; with ${bulkhead.max} it would be fixed`,
    ])
  }
  if (rate.perSecond === 0 && rate.burst > 0) {
    faults.push(['rate.burst', 'rate.perSecond is 0, which switches the stage off'])
  }
  if (rate.perSecond === 0 && rate.waitMs > 0) {
    faults.push(['rate.waitMs', 'rate.perSecond is 0, which switches the stage off'])
  }
  return faults
}

/** What belongs to a dependency depends on its kind, so it has to be said. */
function withoutKind(declaration: Declaration): readonly Fault[] {
  if (declaration.kind !== undefined) return []
  return NEED_KIND.filter((key) => declaration[key] !== undefined).map((key) => [
    key,
    'the dependency has no kind; set it to "http", "tcp", "module" or "custom"',
  ])
}

const NEED_KIND = ['match', 'key', 'routes', 'functions', 'probe'] as const

/** Which settings act on which kind: the table "which way in offers which stage". */
const UNSUPPORTED: Readonly<Record<DependencyKind, readonly (keyof Declaration)[]>> = {
  http: ['functions'],
  tcp: ['key', 'routes', 'functions', 'probe', 'bulkhead', 'rate', 'retry', 'bodyIdleMs'],
  module: ['key', 'routes', 'probe', 'bodyIdleMs'],
  custom: ['match', 'key', 'routes', 'functions', 'probe', 'bodyIdleMs'],
}

/** An import cannot wait and cannot be held back; calls of declared functions can. */
const IMPORT_ONLY: readonly (keyof Declaration)[] = ['bulkhead', 'rate', 'retry']

/** @param declared - what says the kind, where the settings themselves do not */
function ofOtherKinds(declaration: Declaration, declared = declaration): readonly Fault[] {
  const { kind, functions = [] } = declared
  if (kind === undefined) return []
  const keys =
    kind === 'module' && functions.length === 0
      ? [...UNSUPPORTED[kind], ...IMPORT_ONLY]
      : UNSUPPORTED[kind]
  return keys
    .filter((key) => declaration[key] !== undefined)
    .map((key) => [key, `it cannot act on a dependency of the kind "${kind}"`])
}

/** Settings of `<owner>:<name>` and `<name>[<origin>]` act on guards of the kind of `<name>`. */
function ofOneGuard(
  name: string,
  declaration: Declaration,
  declarations: Declarations,
): readonly Fault[] {
  if (declaration.kind !== undefined) return []
  const [, dependency = name] = /^(?:main|.+\.[cm]?[jt]sx?):(.+)$/.exec(name) ?? []
  const declared = Object.entries(declarations).find(
    ([known, { kind }]) =>
      kind !== undefined &&
      known !== name &&
      (dependency === known || (dependency.startsWith(`${known}[`) && dependency.endsWith(']'))),
  )?.[1]
  if (declared === undefined) return []
  const isSaid = ([key]: Fault): boolean => NEED_KIND.some((known) => known === key)
  return ofOtherKinds(declaration, declared).filter((fault) => !isSaid(fault))
}

function routeFaults({ key, routes }: Declaration): readonly Fault[] {
  if (key === 'origin+route' && (routes === undefined || routes.length === 0)) {
    return [['key', '"origin+route" needs routes']]
  }
  if (routes === undefined) return []
  if (key !== 'origin+route') return [['routes', 'they act with key = "origin+route" only']]
  return routes
    .filter((route) => !/^[A-Z]+ \/\S*$/.test(route))
    .map((route) => ['routes', `"${route}" is no method and path such as "GET /v1/charges/:id"`])
}

/** It is put behind an origin: without the slash it would become a part of the host. */
function probeFaults({ probe }: Declaration): readonly Fault[] {
  if (probe?.path === undefined || probe.path.startsWith('/')) return []
  return [['probe.path', `"${probe.path}" is no path such as "/health"`]]
}

/** @param owners - which dependency a text belongs to already; added to */
function matchFaults(
  name: string,
  { kind, match }: Declaration,
  owners: Map<string, string>,
): readonly Fault[] {
  if (kind === undefined || kind === 'custom') return []
  if (match === undefined || match.length === 0) {
    return [['match', `a dependency of the kind "${kind}" needs it, or nothing belongs to it`]]
  }
  return match.flatMap((text): Fault[] => {
    if (!isMatch(kind, text)) return [['match', `"${text}" is no ${MATCHES[kind]}`]]
    const key = `${kind} ${normalised(kind, text)}`
    const other = owners.get(key)
    owners.set(key, name)
    return other === undefined ? [] : [['match', `"${text}" belongs to "${other}" already`]]
  })
}

const MATCHES = {
  http: 'origin such as "https://api.pay.example"',
  tcp: 'address such as "db.example:5432" or "/run/db.sock"',
  module: 'name of a package',
} as const

function isMatch(kind: Exclude<DependencyKind, 'custom'>, text: string): boolean {
  switch (kind) {
    case 'http': {
      const url = URL.parse(text.replaceAll('*', '1'))
      const isBare = url !== null && url.pathname === '/' && url.search === '' && url.hash === ''
      return isBare && originOf(url) !== undefined && url.username === ''
    }
    case 'tcp':
      return /^\/.+/.test(text) || isAddress(text)
    case 'module':
      return /^(?:@[\w*.~-]+\/)?[\w*.~-]+$/.test(text)
    default:
      return kind satisfies never
  }
}

function isAddress(text: string): boolean {
  const [, port] = /^(?:\[[\da-f:.]+\]|[^\s/:]+):(\d{1,5})$/i.exec(text) ?? []
  // Nothing can be dialled at port 0.
  return port !== undefined && Number(port) > 0 && Number(port) <= 65_535
}
