import { EventHub } from '../../src/base/events.ts'
import type { BuildOptions } from '../../src/bundle/build-options.ts'
import type { ResolveEvents } from '../../src/resolve/events.ts'
import type { ResolveOptions, Resolver } from '../../src/resolve/resolution.ts'
import { createResolver } from '../../src/resolve/resolver.ts'

/** How `load` resolves by default, in a folder. */
export function resolveOptions(
  root: string,
  options: Partial<ResolveOptions> = {},
): ResolveOptions {
  return {
    root,
    packages: 'external',
    externals: [],
    inline: [],
    externalPolicy: 'any',
    allowedSources: ['*'],
    conditions: [],
    alias: {},
    tsconfig: undefined,
    ...options,
  }
}

/** A resolver with the defaults of `load`. */
export function resolverFor(
  { root }: { readonly root: string },
  options: Partial<ResolveOptions> = {},
  events = new EventHub<ResolveEvents>(),
): Resolver {
  return createResolver(resolveOptions(root, options), { events })
}

/** How `load` builds by default, in a folder; without maps unless they are asked for. */
export function buildOptions(
  root: string,
  options: Partial<Omit<BuildOptions, 'resolve'>> = {},
  resolve: Partial<ResolveOptions> = {},
): BuildOptions {
  return {
    root,
    resolve: resolveOptions(root, resolve),
    target: 'node24',
    define: {},
    loader: {},
    sourceMaps: 'none',
    ...options,
  }
}
