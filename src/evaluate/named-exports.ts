import { nearest } from '../base/nearest.ts'
import type { RelPath } from '../base/project-path.ts'
import type { ArtifactDependency } from '../bundle/artifact.ts'
import { missingExport } from './errors.ts'
import type { Namespace } from './generation.ts'

/**
 * Checks that a dependency exports what the module imports from it, before anything runs.
 *
 * @throws SomonError SOMON_EVALUATE_MISSING_EXPORT, with the nearest name that exists
 */
export function checkNamedExports(
  module: RelPath,
  dep: ArtifactDependency,
  namespace: Namespace,
): void {
  if (dep.names === '*') return
  const name = dep.names.find((wanted) => !(wanted in namespace))
  if (name === undefined) return
  throw missingExport({
    module,
    importer: dep.importers[0] ?? module,
    specifier: dep.spec,
    name,
    nearest: nearest(name, Object.keys(namespace)),
    onDefault: hasOwn(namespace.default, name),
  })
}

function hasOwn(value: unknown, name: string): boolean {
  return typeof value === 'object' && value !== null && name in value
}
