import { fileURLToPath, pathToFileURL } from 'node:url'
import { importerPath, isModuleUrl, type RelPath } from '../base/project-path.ts'
import type { ArtifactDependency, ImportAttributes } from '../bundle/artifact.ts'
import type { ImportKind, Resolution } from '../resolve/resolution.ts'
import { importFailed, importRefused } from './errors.ts'
import type { ExternalPackage } from './import-guard.ts'

/** Answers what a specifier names, seen from a file; paths absolute. */
export type ResolveImport = (specifier: string, importer: string, kind: ImportKind) => Resolution

/** One import as an error message names it. */
export interface ImportSite {
  readonly specifier: string
  readonly importer: RelPath
}

/** Where Node finds a namespace: a builtin's name or a file URL, with its attributes. */
export interface ImportTarget {
  readonly url: string
  readonly attributes: ImportAttributes
  readonly packageName: string
  /** Undefined for a builtin and for a file of the project. */
  readonly external: ExternalPackage | undefined
}

export function siteOf(dep: ArtifactDependency): ImportSite {
  return { specifier: dep.spec, importer: dep.importers[0] ?? '' }
}

/** What tells targets apart: Node holds one namespace for each. */
export function keyOf({ url, attributes: { type } }: ImportTarget): string {
  return type === undefined ? url : `${url}\n${type}`
}

/** The module on the network that a specifier names; one there has no files beside it. */
export function urlOf({ specifier, importer }: ImportSite): string | undefined {
  if (isModuleUrl(specifier)) return specifier
  if (!isModuleUrl(importer) || !/^\.{0,2}\//.test(specifier)) return undefined
  return URL.parse(specifier, importer)?.href
}

/** Resolves what stands in a source file. */
export function resolveSite(
  { specifier, importer }: ImportSite,
  kind: ImportKind,
  { root, resolve }: { readonly root: string; readonly resolve: ResolveImport },
): Resolution {
  const wanted = specifier.startsWith('file:') ? fileURLToPath(specifier) : specifier
  return resolve(wanted, importerPath(root, importer), kind)
}

/** @throws SomonError SOMON_EVALUATE_IMPORT_FAILED, _IMPORT_REFUSED */
export function targetOf(
  resolution: Resolution,
  site: ImportSite,
  attributes: ImportAttributes,
): ImportTarget {
  switch (resolution.class) {
    case 'builtin': {
      const url = resolution.name.startsWith('node:') ? resolution.name : `node:${resolution.name}`
      return { url, attributes, packageName: url, external: undefined }
    }
    case 'source': {
      // A static dependency stays an import although it is a file: `external` names a path.
      const url = pathToFileURL(resolution.file).href
      const packageName = resolution.packageName ?? site.specifier
      return { url, attributes, packageName, external: undefined }
    }
    case 'external':
      return externalTarget(resolution, site, attributes)
    case 'refused':
      throw importRefused({ ...site, reason: resolution.reason })
    case 'missing':
      throw importFailed(
        { ...site, reason: resolution.reason },
        resolution.suggestion === undefined ? {} : { fix: `Import "${resolution.suggestion}"` },
      )
    default:
      return resolution satisfies never
  }
}

function externalTarget(
  { specifier, file, packageName, fault }: Resolution & { readonly class: 'external' },
  site: ImportSite,
  attributes: ImportAttributes,
): ImportTarget {
  if (fault !== undefined) {
    throw importFailed(
      { ...site, reason: `the package "${packageName}" is installed, but ${fault}` },
      { fix: `Correct the specifier, or install a version of "${packageName}" that has it` },
    )
  }
  if (file === undefined) {
    throw importFailed(
      { ...site, reason: `the package "${packageName}" is not installed` },
      { fix: `Install it: npm install ${packageName}` },
    )
  }
  const external = { specifier, packageName, file }
  return { url: pathToFileURL(file).href, attributes, packageName, external }
}
