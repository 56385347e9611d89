import type { Guard } from '../../base/guard.ts'
import { nearest } from '../../base/nearest.ts'
import { notAFunction } from '../errors.ts'

/** The functions of a package that its declaration puts behind a guard. */
export interface DeclaredFunctions {
  /** The guard that they are called through. */
  readonly dependency: string
  readonly functions: readonly string[]
  /** Whether a call may be made again when it has failed; without it nothing is retried. */
  readonly idempotent?: boolean
}

/** A package as one of its modules is imported. */
export interface DeclaredPackage {
  /** The name of the package, or a path below it. */
  readonly specifier: string
  readonly packageName: string
}

/** What declared functions are guarded with. */
export interface FunctionEdgeParts {
  readonly guardOf: (owner: string) => Guard
  /** What is declared of a package; undefined for nearly every one. */
  readonly declared: (packageName: string) => DeclaredFunctions | undefined
}

type Namespace = Readonly<Record<string, unknown>>

/**
 * Guards single functions of packages. This edge installs nothing: whoever binds imports asks it.
 *
 * What a module sees of such a package is an ordinary object with the names of the namespace:
 * each reads what the package exports at that moment, a declared one calls it through the guard.
 * No Proxy stands in between, so classes, private members and identities of all else are real.
 */
export class FunctionEdge {
  readonly #parts: FunctionEdgeParts

  constructor(parts: FunctionEdgeParts) {
    this.#parts = parts
  }

  /**
   * What a module sees of a package: the namespace itself where no function of it is declared.
   *
   * The package has to export all declared functions. A path below it may export some of them,
   * and those are guarded there too.
   *
   * @param importer - the source file that imports it, for errors
   * @throws SomonError SOMON_GUARD_NOT_A_FUNCTION
   */
  facadeOf(
    owner: string,
    { specifier, packageName }: DeclaredPackage,
    namespace: Namespace,
    importer: string,
  ): Namespace {
    const declared = this.#parts.declared(packageName)
    if (declared === undefined) return namespace
    const isWhole = specifier === packageName
    const names = isWhole
      ? declared.functions
      : declared.functions.filter((name) => name in namespace)
    if (names.length === 0) return namespace
    const { dependency, idempotent = false } = declared
    for (const name of names) {
      const reason = whyNot(namespace, name)
      if (reason === undefined) continue
      const near = nearest(name, Object.keys(namespace))
      const hint = name in namespace || near === undefined ? {} : { fix: `Name "${near}" instead` }
      throw notAFunction({ owner, dependency, importer, specifier, name, reason }, hint)
    }
    const guard = this.#parts.guardOf(owner)
    return makeFacade(namespace, names, (task) => guard(dependency, task, { idempotent }))
  }
}

/** Invariant: the names are those of the namespace, in its order. */
function makeFacade(
  namespace: Namespace,
  names: readonly string[],
  guarded: (task: () => unknown) => Promise<unknown>,
): Namespace {
  const facade = Object.create(null) as Record<string, unknown>
  Object.defineProperty(facade, Symbol.toStringTag, { value: 'Module' })
  for (const name of Object.keys(namespace)) {
    if (names.includes(name)) {
      const call = (self: unknown, args: readonly unknown[]): Promise<unknown> =>
        // A namespace is what its functions see as `this` when they are called as its members.
        guarded(() => apply(namespace, name, self === facade ? namespace : self, args))
      const value = guardedFunction(call, namespace[name])
      Object.defineProperty(facade, name, { enumerable: true, value })
    } else {
      Object.defineProperty(facade, name, { enumerable: true, get: () => namespace[name] })
    }
  }
  return Object.preventExtensions(facade)
}

/** Reads the function when it is called: an export may be assigned anew. */
function apply(
  namespace: Namespace,
  name: string,
  self: unknown,
  args: readonly unknown[],
): unknown {
  return Reflect.apply(namespace[name] as (...all: unknown[]) => unknown, self, args)
}

/** The function under its own name and length; properties of the real one are read through. */
function guardedFunction(
  call: (self: unknown, args: readonly unknown[]) => Promise<unknown>,
  real: unknown,
): unknown {
  const guarded = asMethod(call)
  const { name, length } = real as (...args: unknown[]) => unknown
  Object.defineProperties(guarded, {
    name: { value: name, configurable: true },
    length: { value: length, configurable: true },
  })
  return Object.keys(real as object).length === 0
    ? guarded
    : Object.setPrototypeOf(guarded, real as object)
}

/** A method, because it takes `this` and is no constructor. */
function asMethod(
  call: (self: unknown, args: readonly unknown[]) => Promise<unknown>,
): (...args: unknown[]) => Promise<unknown> {
  const holder: { readonly method: (...args: unknown[]) => Promise<unknown> } = {
    method(this: unknown, ...args) {
      return call(this, args)
    },
  }
  return holder.method
}

/** Says why an export cannot be called through a guard; undefined if it can. */
function whyNot(namespace: Namespace, name: string): string | undefined {
  if (!(name in namespace)) return 'there is no export of this name'
  const value = namespace[name]
  if (typeof value !== 'function') return `it is of type ${typeof value}`
  if (isClass(value)) return 'it is a class, and only a promise of an instance could be returned'
  if (GENERATORS.has(kindOf(value))) return 'it is a generator, which runs after it has returned'
  return undefined
}

/** Compiled classes are plain functions; what tells them is that their prototype has members. */
function isClass(value: object): boolean {
  if (/^class\b/.test(Function.prototype.toString.call(value))) return true
  const prototype: unknown = Reflect.get(value, 'prototype')
  if (typeof prototype !== 'object' || prototype === null) return false
  return !GENERATORS.has(kindOf(value)) && Reflect.ownKeys(prototype).length > 1
}

function kindOf(value: object): string {
  return Object.prototype.toString.call(value)
}

const GENERATORS: ReadonlySet<string> = new Set([
  '[object GeneratorFunction]',
  '[object AsyncGeneratorFunction]',
])
