import { toRelPath, isInside } from '../base/project-path.ts'
import { canonicalJson } from '../base/canonical-json.ts'
import type { Digest } from '../base/digest.ts'
import { digest } from '../base/digest.ts'
import { VERSION } from '../base/version.ts'
import type { BuildOptions } from './build-options.ts'
import { ESBUILD_VERSION } from './esbuild-version.ts'
import type { PluginHost } from './plugin-host.ts'

/** Names everything but the inputs' contents that decides what an entry is built to. */
export interface Fingerprint {
  readonly digest: Digest
  /** The plugin whose builds may not be stored, if any. */
  readonly uncacheable: string | undefined
}

/** Grows whenever the text around an artifact's code changes its meaning. */
export const ARTIFACT_FORMAT = 2

/**
 * Names everything but the contents of the inputs that decides what an entry is built to: the
 * versions, the options, the plugins with their keys, and which packages are inlined.
 *
 * The root enters no key, so the same project elsewhere has the same fingerprint. Source maps do
 * not either: they change no code (docs/design/0001-maps-beside-artifacts.md).
 *
 * @param inlined - the packages that go into the bundle, from `Resolver.inlineNames()`
 */
export function fingerprint(
  options: BuildOptions,
  host: Pick<PluginHost, 'keys'>,
  inlined: readonly string[],
): Fingerprint {
  const { root, resolve, sourceMaps: _maps, ...shape } = options
  const { root: _root, tsconfig, ...resolution } = resolve
  const { parts, uncacheable } = host.keys()
  const text = canonicalJson({
    format: ARTIFACT_FORMAT,
    somon: VERSION,
    esbuild: ESBUILD_VERSION,
    node: process.versions.node.split('.')[0],
    ...shape,
    resolve: {
      ...resolution,
      alias: portable(root, resolution.alias),
      tsconfig: tsconfig === undefined ? null : toRelPath(root, tsconfig),
    },
    inlined,
    plugins: parts,
  })
  return { digest: digest(text), uncacheable }
}

/** Gives the fingerprint of before while nothing that decides it has changed: asked per load. */
export class Fingerprints {
  #last: { readonly from: readonly unknown[]; readonly fingerprint: Fingerprint } | undefined

  of(
    options: BuildOptions,
    host: Pick<PluginHost, 'keys'>,
    inlined: readonly string[],
  ): Fingerprint {
    const { parts, uncacheable } = host.keys()
    const from = [options, uncacheable, parts.length, ...parts, ...inlined]
    const last = this.#last
    if (last?.from.length === from.length && from.every((item, at) => item === last.from[at])) {
      return last.fingerprint
    }
    const made = fingerprint(options, { keys: () => ({ parts, uncacheable }) }, inlined)
    this.#last = { from, fingerprint: made }
    return made
  }
}

/** Replacements may be absolute paths: those below the root are written relative to it. */
function portable(root: string, alias: Readonly<Record<string, string>>): object {
  const entries = Object.entries(alias).map(([name, to]) => {
    const isLocal = to.startsWith(root) && isInside(root, to)
    return [name, isLocal ? { root: toRelPath(root, to) } : to] as const
  })
  return Object.fromEntries(entries)
}
