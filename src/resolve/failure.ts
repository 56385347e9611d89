import type { SomonError } from '../base/error.ts'
import { isInside, toRelPath } from '../base/project-path.ts'
import { resolveNotFound, resolveSourceDenied } from './errors.ts'
import type { Resolution } from './resolution.ts'

/**
 * Turns an answer that is no file into the error to throw; undefined for one that can be used.
 *
 * @param importer - absolute path of the importing file, or of a folder with a separator
 */
export function failureOf(
  resolution: Resolution,
  request: { readonly specifier: string; readonly importer: string; readonly root: string },
): SomonError | undefined {
  if (resolution.class !== 'missing' && resolution.class !== 'refused') return undefined
  const { specifier, root } = request
  const shown = (file: string): string => (isInside(root, file) ? toRelPath(root, file) : file)
  const importer = shown(request.importer) || '.'
  if (resolution.class === 'refused') {
    const { reason, packageName } = resolution
    return resolveSourceDenied({ specifier, importer, packageName, reason })
  }
  const { reason, suggestion } = resolution
  const tried = resolution.tried.map(shown)
  return resolveNotFound({ specifier, importer, reason, tried, suggestion })
}
