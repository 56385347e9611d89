import { EventHub } from '../../../src/base/events.ts'
import { digest } from '../../../src/base/digest.ts'
import type { Artifact } from '../../../src/bundle/artifact.ts'
import { createBundler } from '../../../src/bundle/bundler.ts'
import { noPlugins } from '../../../src/bundle/no-plugins.ts'
import type { Resolver } from '../../../src/resolve/resolution.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { buildOptions, resolverFor } from '../../support/build-options.ts'

/** What the real bundler makes of an entry. */
export interface Built {
  readonly artifact: Artifact
  readonly map: string
  readonly resolver: Resolver
}

/** Builds an entry of a project with the real resolver and bundler, its map with it. */
export async function build(root: string, entry: string): Promise<Built> {
  const target = `node${process.versions.node}`
  const options = buildOptions(root, { target, sourceMaps: 'eager' })
  const resolver = resolverFor({ root })
  const bundler = createBundler({
    clock: systemClock,
    events: new EventHub(),
    resolver,
    plugins: noPlugins,
    limits: { serviceMaxRssBytes: 2 ** 29, hotContexts: 4 },
    env: process.env,
  })
  try {
    const [outcome] = await bundler.build([entry], options)
    if (outcome === undefined) throw new Error(`no outcome for ${entry}`)
    if (!outcome.ok) throw outcome.error
    return { artifact: outcome.artifact, map: outcome.map ?? '', resolver }
  } finally {
    await bundler.close()
  }
}

/**
 * The artifact that the same source with another number in it would have: what an edit makes,
 * without a build for each of thousands of reloads.
 *
 * @param marker - a number that stands in the source; `revision` replaces it digit for digit
 */
export function revise(artifact: Artifact, marker: number, revision: number): Artifact {
  const code = artifact.code.replaceAll(String(marker), String(revision))
  return { ...artifact, code, codeId: digest(code), id: digest(`id:${code}`) }
}
