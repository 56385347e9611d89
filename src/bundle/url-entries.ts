import type { RelPath } from '../base/project-path.ts'
import { isModuleUrl } from '../base/project-path.ts'
import { resolveNotFound } from '../resolve/errors.ts'
import type { EsbuildPlugin } from './esbuild.ts'

/**
 * The last plugin of a build with entries that are no files: an entry that no other plugin has
 * claimed by then is refused, because esbuild would only say that it cannot be external.
 */
export function urlEntries(entries: readonly RelPath[]): readonly EsbuildPlugin[] {
  if (!entries.some(isModuleUrl)) return []
  return [
    {
      name: 'somon-url-entries',
      setup(build) {
        build.onResolve({ filter: /^[a-z][a-z\d+.-]+:/i }, ({ path, kind }) => {
          if (kind !== 'entry-point' || !isModuleUrl(path)) return undefined
          const error = nobodyServes(path)
          return { errors: [{ text: error.message, detail: error }] }
        })
      },
    },
  ]
}

function nobodyServes(specifier: string): ReturnType<typeof resolveNotFound> {
  const reason = 'it is no file, and no plugin claims it through resolveId'
  const data = { specifier, importer: '.', reason, tried: [], suggestion: undefined }
  const { host, protocol } = new URL(specifier)
  const fix = /^https?:$/.test(protocol)
    ? `Add somon-plugin-remote to the plugins: remote({ allow: ["${host}"] })`
    : `Add a plugin whose resolveId answers "${protocol}" addresses`
  return resolveNotFound(data, { fix })
}
