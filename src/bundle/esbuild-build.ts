import type { EsbuildPlugin } from './esbuild.ts'

/** What esbuild hands to a plugin's `setup`. */
export type EsbuildBuild = Parameters<EsbuildPlugin['setup']>[0]

export type OnStartCallback = Parameters<EsbuildBuild['onStart']>[0]
export type OnEndCallback = Parameters<EsbuildBuild['onEnd']>[0]
export type OnResolveCallback = Parameters<EsbuildBuild['onResolve']>[1]
export type OnLoadCallback = Parameters<EsbuildBuild['onLoad']>[1]
export type OnResolveArgs = Parameters<OnResolveCallback>[0]
export type OnLoadArgs = Parameters<OnLoadCallback>[0]
export type OnResolveResult = NonNullable<Awaited<ReturnType<OnResolveCallback>>>
export type OnLoadResult = NonNullable<Awaited<ReturnType<OnLoadCallback>>>
export type EsbuildLoader = NonNullable<OnLoadResult['loader']>
