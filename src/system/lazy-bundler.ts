import type { Bundler, BundlerStats, Fingerprint } from '../bundle/bundler.ts'
import type { BuildOptions } from '../bundle/build-options.ts'

/**
 * A bundler that is imported and made at its first build: a start from a valid cache never loads
 * esbuild.
 *
 * @param fingerprint - the same answer the bundler would give, without loading it
 */
export function lazyBundler(
  make: () => Promise<Bundler>,
  fingerprint: (options: BuildOptions) => Fingerprint,
): Bundler {
  let made: Promise<Bundler> | undefined
  let bundler: Bundler | undefined
  const get = (): Promise<Bundler> => {
    made ??= make().then(
      (value) => {
        bundler = value
        return value
      },
      (error: unknown) => {
        // The next build tries again: what failed may have been the plugins' configuration.
        made = undefined
        throw error
      },
    )
    return made
  }
  return {
    fingerprint,
    async build(entries, options, request) {
      return (await get()).build(entries, options, request)
    },
    async map(artifact, options, signal) {
      return (await get()).map(artifact, options, signal)
    },
    stats: () => bundler?.stats() ?? NOTHING_BUILT,
    async close() {
      await (await made)?.close()
    },
  }
}

const NOTHING_BUILT: BundlerStats = Object.freeze({
  builds: 0,
  entriesBuilt: 0,
  inFlight: 0,
  contexts: 0,
  recycles: 0,
  servicePid: undefined,
})
