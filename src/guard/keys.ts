import type { Declaration, Declarations, DependencyKind } from './declaration.ts'
import type { DeclaredFunctions } from './edges/function.ts'
import { addressOf, originOf } from './origin.ts'
import type { HttpTarget, Target } from './target.ts'

/** The name of the guard for a target, and the declaration that it follows. */
export interface GuardKey {
  readonly dependency: string
  /** Undefined for a target that nobody declares. */
  readonly declared: string | undefined
}

/**
 * Says which guard stands before a target.
 *
 * A declared name that covers one target is the key itself; where it covers several, each has a
 * guard of its own (`payments[https://eu.pay.example]`), so one bad shard does not stop its
 * neighbours. What varies without end, as paths do, never becomes part of a key.
 */
export class GuardKeys {
  readonly #declarations: Declarations
  /** What is matched exactly, by kind and text. */
  readonly #exact = new Map<string, Rule>()
  /** What is matched by a pattern, in the order of declaration. */
  readonly #patterns: {
    readonly kind: DependencyKind
    readonly pattern: RegExp
    readonly rule: Rule
  }[] = []

  /** Declared addresses by their host, without brackets. */
  readonly #tcpByHost = new Map<string, string[]>()

  constructor(declarations: Declarations) {
    this.#declarations = declarations
    for (const [name, declaration] of Object.entries(declarations)) this.#add(name, declaration)
  }

  /** The key of a target, declared or not. */
  of(target: Target): GuardKey {
    const matched = textOf(target)
    const rule = this.#ruleOf(target.kind, matched)
    if (rule === undefined) return { dependency: undeclaredName(target), declared: undefined }
    // An import that fails must not refuse the calls of a package, nor they the import.
    if (target.kind === 'module' && rule.functions.length > 0) {
      return { dependency: undeclaredName(target), declared: rule.name }
    }
    const parts: string[] = []
    if (rule.coversMany) parts.push(matched)
    if (target.kind === 'http' && rule.routes !== undefined)
      parts.push(routeOf(rule.routes, target))
    const { name } = rule
    const dependency = parts.length === 0 ? name : `${name}[${parts.join(' ')}]`
    return { dependency, declared: name }
  }

  /** The functions of a package whose calls are guarded; undefined for a package without any. */
  functionsOf(packageName: string): DeclaredFunctions | undefined {
    const rule = this.#ruleOf('module', packageName)
    if (rule === undefined || rule.functions.length === 0) return undefined
    const { name, coversMany, functions, isRetried } = rule
    const dependency = coversMany ? `${name}[${packageName}]` : name
    return { dependency, functions, idempotent: isRetried }
  }

  /** The key of an address that is declared; undefined for others. */
  ofDeclaredTcp(address: string): GuardKey | undefined {
    const key = this.of({ kind: 'tcp', address })
    return key.declared === undefined ? undefined : key
  }

  /** The keys of all addresses of a host that are declared one by one. */
  ofDeclaredTcpAt(hostname: string): readonly GuardKey[] {
    const addresses = this.#tcpByHost.get(hostname.toLowerCase()) ?? []
    return addresses.map((address) => this.of({ kind: 'tcp', address }))
  }

  /** The kind of a guard by its name. */
  kindOf(dependency: string): DependencyKind {
    const declared = this.declaredName(dependency)
    const kind = declared === undefined ? undefined : this.#declarations[declared]?.kind
    return kind ?? UNDECLARED.find(([start]) => dependency.startsWith(start))?.[1] ?? 'custom'
  }

  /** The declared name of a guard: `payments` of `payments[https://eu.pay.example]`. */
  declaredName(dependency: string): string | undefined {
    const own = Object.hasOwn(this.#declarations, dependency) ? dependency : undefined
    if (!dependency.endsWith(']')) return own
    // Settings of `payments[https://eu.pay.example]` have no kind: they are for one of several.
    if (own !== undefined && this.#declarations[own]?.kind !== undefined) return own
    // Addresses and names may have brackets of their own.
    for (let at = dependency.lastIndexOf('['); at > 0; at = dependency.lastIndexOf('[', at - 1)) {
      const name = dependency.slice(0, at)
      if (Object.hasOwn(this.#declarations, name)) return name
    }
    return own
  }

  #ruleOf(kind: DependencyKind, text: string): Rule | undefined {
    const exact = this.#exact.get(`${kind} ${text}`)
    if (exact !== undefined) return exact
    return this.#patterns.find((entry) => entry.kind === kind && entry.pattern.test(text))?.rule
  }

  #add(name: string, declaration: Declaration): void {
    const { kind, match = [], key, routes, functions = [], retry } = declaration
    if (kind === undefined || kind === 'custom') return
    const coversMany = match.length > 1 || match.some((text) => text.includes('*'))
    const wanted = key === 'origin+route' ? (routes ?? []) : undefined
    const isRetried = (retry?.max ?? 0) > 0
    const rule = { name, coversMany, routes: wanted?.map(readRoute), functions, isRetried }
    for (const text of match) {
      const matched = normalised(kind, text)
      if (text.includes('*')) this.#patterns.push({ kind, pattern: patternOf(matched), rule })
      else this.#addExact(kind, matched, rule)
    }
  }

  #addExact(kind: DependencyKind, text: string, rule: Rule): void {
    this.#exact.set(`${kind} ${text}`, rule)
    const [, host] = (kind === 'tcp' && /^\[?([^/\]]+)\]?:\d+$/.exec(text)) || []
    if (host === undefined) return
    this.#tcpByHost.set(host, [...(this.#tcpByHost.get(host) ?? []), text])
  }
}

/** How the names begin that targets have which nobody declares. */
const UNDECLARED: readonly (readonly [start: string, kind: DependencyKind])[] = [
  ['http://', 'http'],
  ['https://', 'http'],
  ['http+unix://', 'http'],
  ['tcp://', 'tcp'],
  ['unix:', 'tcp'],
  ['module:', 'module'],
]

interface Rule {
  readonly name: string
  readonly coversMany: boolean
  readonly routes: readonly Route[] | undefined
  readonly functions: readonly string[]
  /** Who declares retries for functions says that they may be called again. */
  readonly isRetried: boolean
}

interface Route {
  readonly text: string
  readonly method: string
  readonly path: RegExp
}

/** What a declaration's `match` is compared with. */
function textOf(target: Target): string {
  switch (target.kind) {
    case 'http':
      return target.origin
    case 'tcp':
      return target.address
    case 'module':
      return target.packageName
    default:
      return target satisfies never
  }
}

/** Reads like what it stands for, and cannot be taken for a declared name. */
function undeclaredName(target: Target): string {
  switch (target.kind) {
    case 'http':
      return target.origin
    case 'tcp':
      return target.address.startsWith('/') ? `unix:${target.address}` : `tcp://${target.address}`
    case 'module':
      return `module:${target.packageName}@${target.version ?? 'unknown'}`
    default:
      return target satisfies never
  }
}

/** Declarations are written by hand; targets come normalised. */
export function normalised(kind: DependencyKind, text: string): string {
  if (text.includes('*')) return kind === 'http' ? bareOrigin(text) : text
  if (kind === 'http') return originOf(text) ?? text
  if (kind !== 'tcp' || text.startsWith('/')) return text
  const origin = originOf(`http://${text}`)
  return origin === undefined ? text.toLowerCase() : addressOf(origin)
}

/** A pattern is no URL that `originOf()` could read; origins have no `/` and no default port. */
function bareOrigin(text: string): string {
  const lower = text.toLowerCase().replace(/\/$/, '')
  return lower.replace(/(?<=^http:.*):80$|(?<=^https:.*):443$/, '')
}

/** `*` stands for one or more characters, but neither for a `/` nor for a `:`. */
function patternOf(text: string): RegExp {
  const source = text.split('*').map(escapeRegExp).join('[^/:]+')
  return new RegExp(`^${source}$`, 'i')
}

function readRoute(text: string): Route {
  const [method = '', path = ''] = text.split(' ')
  const segments = path.split('/').map((segment) => {
    if (segment.startsWith(':')) return '[^/]+'
    return segment === '*' ? '.*' : escapeRegExp(segment)
  })
  return { text, method: method.toUpperCase(), path: new RegExp(`^${segments.join('/')}/?$`) }
}

function routeOf(routes: readonly Route[], { method, path }: HttpTarget): string {
  const [plain = ''] = path.split('?', 1)
  const fits = (route: Route): boolean => route.method === method && route.path.test(plain)
  return routes.find(fits)?.text ?? '*'
}

function escapeRegExp(text: string): string {
  return text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
}
