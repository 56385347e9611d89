/** The parts of the CSS Modules packages that are used; they ship no types. */

declare module 'postcss-modules-values' {
  import type { PluginCreator } from 'postcss'
  const values: PluginCreator<void>
  export default values
}

declare module 'postcss-modules-local-by-default' {
  import type { PluginCreator } from 'postcss'
  const localByDefault: PluginCreator<{ mode?: 'local' | 'global' | 'pure' }>
  export default localByDefault
}

declare module 'postcss-modules-extract-imports' {
  import type { PluginCreator } from 'postcss'
  const extractImports: PluginCreator<{ failOnWrongOrder?: boolean }>
  export default extractImports
}

declare module 'postcss-modules-scope' {
  import type { PluginCreator } from 'postcss'
  const scope: PluginCreator<{ generateScopedName?: (name: string) => string }>
  export default scope
}

declare module 'icss-utils' {
  import type { Root } from 'postcss'
  export function extractICSS(root: Root): {
    icssImports: Record<string, Record<string, string>>
    icssExports: Record<string, string>
  }
}
