import { toRelPath } from '../base/project-path.ts'
import type { OutputDefaults } from '../bundle/output-build.ts'
import type { Settings } from '../config/settings.ts'

/** Takes from the settings what an output build does when its caller does not say. */
export function outputDefaults({ root, bundle, loading }: Settings): OutputDefaults {
  const { format, target, minify, splitting, sourcemap, define } = bundle
  const { packages, externals, inline, alias, conditions, tsconfig } = loading
  return {
    ...{ format, target, minify, splitting, sourcemap, define },
    ...{ packages, inline, alias, conditions },
    external: externals,
    tsconfig: tsconfig === null ? undefined : toRelPath(root, tsconfig),
  }
}
