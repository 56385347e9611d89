import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Namespace } from './generation.ts'

/**
 * Loads a namespace without waiting.
 *
 * `require` returns the namespace of a module (with `__esModule` added where it has a default
 * export), and the bare exports of anything else.
 */
export function requireNamespace(url: string): Namespace {
  const exported: unknown = url.startsWith('node:')
    ? process.getBuiltinModule(url)
    : createRequire(url)(fileURLToPath(url))
  if (process.getBuiltinModule('node:util').types.isModuleNamespaceObject(exported))
    return exported as Namespace
  return commonJsNamespace(exported)
}

/** What `import` makes of `module.exports`: its properties by name, and itself as the default. */
function commonJsNamespace(exported: unknown): Namespace {
  const namespace = Object.create(null) as Record<string, unknown>
  if ((typeof exported === 'object' && exported !== null) || typeof exported === 'function') {
    for (const name of Object.keys(exported)) {
      Object.defineProperty(namespace, name, {
        enumerable: true,
        get: () => (exported as Record<string, unknown>)[name],
      })
    }
  }
  Object.defineProperty(namespace, 'default', { enumerable: true, value: exported })
  return namespace
}
