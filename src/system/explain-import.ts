import type { PluginHost } from '../bundle/plugin-host.ts'
import type { ImportKind, ResolutionStep, Resolver } from '../resolve/resolution.ts'

/** How one specifier is found. */
export interface ImportExplanation {
  readonly steps: readonly ResolutionStep[]
  /** A plugin answers it, so that no search is made. */
  readonly answered: boolean
}

/**
 * Explains a specifier as a build finds it: plugins are asked first, then the search is made.
 *
 * @param importer - absolute path of the importing file, or a folder with a trailing separator
 */
export async function explainImport(
  { plugins, resolver }: { readonly plugins: PluginHost; readonly resolver: Resolver },
  specifier: string,
  importer: string,
  kind: ImportKind,
): Promise<ImportExplanation> {
  const asked = await plugins.ask(specifier, importer)
  const answered = asked.some(({ answers }) => answers)
  return {
    answered,
    steps: [
      ...asked.map(({ plugin, result }) => ({ step: `plugin "${plugin}"`, result })),
      ...(answered ? [] : resolver.explain(specifier, importer, kind)),
    ],
  }
}
