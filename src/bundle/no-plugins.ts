import type { PluginHost } from './plugin-host.ts'
import { readerPlugin } from './reader-plugin.ts'

/** The host of a system without plugins: it costs nothing to import and asks nobody anything. */
export const noPlugins: PluginHost = Object.freeze<PluginHost>({
  active: false,
  verifies: false,
  asksBeforeLoad: false,
  esbuildPlugins: (build) => [readerPlugin(build)],
  outputPlugins: () => [],
  ask: () => Promise.resolve([]),
  restore: (messages) => messages,
  keys: () => ({ parts: [], uncacheable: undefined }),
  declaredInputs: () => ({ files: [], dirs: [], env: [] }),
  beforeLoad: () => DONE,
  built: () => {},
  instantiate: () => {},
  verify: () => DONE,
  retire: () => DONE,
  watchChange: () => {},
  stats: () => [],
})

const DONE: Promise<void> = Promise.resolve()
