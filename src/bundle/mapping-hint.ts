import type { ImportKind, Resolver } from '../resolve/resolution.ts'

/** What tsconfig.json makes of a name that leads nowhere, in words. */
export interface MappingHint {
  /** To stand after a colon. */
  readonly reason: string
  readonly fix: string
}

/**
 * Says where `paths` of tsconfig.json leads a name that cannot be found.
 *
 * @param importer - absolute path of the file that holds the import
 * @returns undefined when no pattern has a part in it
 */
export function mappingHint(
  resolver: Pick<Resolver, 'resolve'>,
  specifier: string,
  importer: string,
  kind: ImportKind,
): MappingHint | undefined {
  const found = resolver.resolve(specifier, importer, kind)
  if (found.class !== 'missing' || found.pattern === undefined) return undefined
  const { reason, suggestion } = found
  const fix =
    suggestion === undefined
      ? 'Create the file, or correct the specifier or the pattern in tsconfig.json'
      : `Write "${suggestion}" if that is what you mean`
  return { reason: `could not resolve "${specifier}": ${reason}`, fix }
}
