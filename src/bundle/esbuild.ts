import type { Plugin } from 'esbuild'

/** esbuild's plugin type, as the rest of the code knows it. */
export type EsbuildPlugin = Plugin
