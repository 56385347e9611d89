import type { EsbuildPlugin } from './esbuild.ts'

/** What esbuild hands to a plugin's `setup`. */
export type EsbuildBuild = Parameters<EsbuildPlugin['setup']>[0]

/** A callback that esbuild calls when a build starts. */
export type OnStartCallback = Parameters<EsbuildBuild['onStart']>[0]
/** A callback that esbuild calls with the result of a build. */
export type OnEndCallback = Parameters<EsbuildBuild['onEnd']>[0]
/** A callback that may say where a specifier leads. */
export type OnResolveCallback = Parameters<EsbuildBuild['onResolve']>[1]
/** A callback that may supply the contents of a module. */
export type OnLoadCallback = Parameters<EsbuildBuild['onLoad']>[1]
/** What an `onResolve` callback is asked. */
export type OnResolveArgs = Parameters<OnResolveCallback>[0]
/** What an `onLoad` callback is asked. */
export type OnLoadArgs = Parameters<OnLoadCallback>[0]
/** What an `onResolve` callback answers when it answers. */
export type OnResolveResult = NonNullable<Awaited<ReturnType<OnResolveCallback>>>
/** What an `onLoad` callback answers when it answers. */
export type OnLoadResult = NonNullable<Awaited<ReturnType<OnLoadCallback>>>
/** The name of a loader, such as `ts`. */
export type EsbuildLoader = NonNullable<OnLoadResult['loader']>
