/** No configuration file, no plugins: sources outside node_modules are inlined by default. */
export function viteConfig(root) {
  return { root, configFile: false, envFile: false, logLevel: 'error' }
}

/** A server for a module runner alone: no port, no watcher, no hot-update channel. */
export function viteServerConfig(root) {
  return {
    ...viteConfig(root),
    appType: 'custom',
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, watch: null, hmr: false, ws: false },
  }
}
