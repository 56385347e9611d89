// Stands at the head of dist/index.js: runs the core, which scripts/core/compile.ts has made a
// function of, with the V8 code cache that lies beside it.
const builtin = (name) => process.getBuiltinModule(name)
const fs = builtin('node:fs')
const path = builtin('node:path')
const vm = builtin('node:vm')

/** Node has these ready before any program runs: asking for them costs nothing. */
const READY = new Set(['fs', 'module', 'path', 'timers', 'url', 'vm'])

/** Every other module of Node is loaded when it is first used; many starts never use it. */
function required(name) {
  const short = name.replace(/^node:/, '')
  if (READY.has(short)) return builtin(short)
  let loaded
  return new Proxy(Object.freeze({}), { get: (_, key) => (loaded ??= builtin(short))[key] })
}

function readCodeCache() {
  const name = `core.${process.versions.v8}.${process.arch}.cache`
  try {
    return fs.readFileSync(path.join(import.meta.dirname, 'chunks', name))
  } catch {
    // Built with another V8: the core is compiled anew, as any module is.
    return undefined
  }
}

const filename = path.join(import.meta.dirname, 'chunks', 'core.script.js')
const script = new vm.Script(fs.readFileSync(filename, 'latin1'), {
  filename,
  cachedData: readCodeCache(),
})
const core = script.runInThisContext()({
  // What is relative is a chunk: users' modules come as URLs.
  load: (specifier, options) => import(specifier.replace(/^\.\//, './chunks/'), options),
  meta: { url: builtin('node:url').pathToFileURL(filename).href },
  required,
  // Copying the properties of a module of Node would load what stands behind them.
  withDefault: (module) => ({ __proto__: module, default: module }),
  performance: {
    // The global one would load node:perf_hooks.
    now() {
      const [seconds, nanoseconds] = process.hrtime()
      return seconds * 1e3 + nanoseconds / 1e6
    },
  },
})
/** For the chunks beside the core, and for the build, which makes the code cache. */
export { core as 'somon:core', script as 'somon:script' }
