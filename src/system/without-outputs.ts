import { readdirSync } from 'node:fs'
import { posix } from 'node:path'
import { fromRelPath } from '../base/project-path.ts'
import { dirNamesDigest } from '../bundle/dir-names.ts'
import type { OutputBuild } from '../bundle/output-build.ts'
import type { SyncFs } from '../load/sync-fs.ts'

/**
 * Looks at folders as if the build had written nothing: the names of its output folder or file
 * are left out, so that outputs which were deleted do not look like changed sources.
 */
export function withoutOutputs(fs: SyncFs, build: OutputBuild): SyncFs {
  const written = posix.normalize(build.outdir ?? build.outfile ?? '')
  const segments = written.split('/')
  return {
    ...fs,
    names(path, like) {
      const depth = path === '' ? 0 : path.split('/').length
      const name = segments[depth]
      const above = segments.slice(0, depth).join('/') === path
      if (name === undefined || name === '..' || !above) return fs.names(path, like)
      const own = new Set([name, `${name}.map`])
      try {
        const entries = readdirSync(fromRelPath(build.root, path), { withFileTypes: true })
        return dirNamesDigest(entries.filter((entry) => !own.has(entry.name)))
      } catch {
        return undefined
      }
    },
  }
}
