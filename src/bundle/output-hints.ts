import { EventHub } from '../base/events.ts'
import { fromRelPath, importerPath } from '../base/project-path.ts'
import type { ResolveEvents } from '../resolve/events.ts'
import { createResolver } from '../resolve/resolver.ts'
import { type MappingHint, mappingHint } from './mapping-hint.ts'
import type { OutputBuild } from './output-build.ts'
import type { UnresolvedName } from './output-failure.ts'

/**
 * Says where tsconfig.json leads names that esbuild's program could not resolve.
 *
 * Plain values only: `dist/cli/quick.cjs` imports it when a build has failed, and has classes of
 * its own.
 */
export function outputHints(
  build: OutputBuild,
  names: readonly UnresolvedName[],
): readonly (MappingHint | undefined)[] {
  const { root, packages, external, inline, conditions, alias, tsconfig } = build
  const resolver = createResolver(
    {
      ...{ root, packages, inline, conditions, alias },
      externals: external,
      externalPolicy: 'any',
      allowedSources: ['*'],
      tsconfig: tsconfig === undefined ? undefined : fromRelPath(root, tsconfig),
    },
    { events: new EventHub<ResolveEvents>() },
  )
  return names.map(({ specifier, importer }) =>
    mappingHint(resolver, specifier, importerPath(root, importer), 'import'),
  )
}
