// Becomes dist/boot.js, after SCRIPTS: which chunk lies in which script. Runs chunks that
// scripts/core/compile.ts has made functions of, with the V8 code cache beside their script.
const builtin = (name) => process.getBuiltinModule(name)
const fs = builtin('node:fs')
const path = builtin('node:path')
const vm = builtin('node:vm')

/** Node has these ready before any program runs: asking for them costs nothing. */
const READY = new Set(['fs', 'path', 'timers', 'url', 'vm'])
const folder = path.join(import.meta.dirname, 'chunks')
/** By name; for the build, which makes the code caches, and for tests. */
export const scripts = new Map()
const functions = new Map()
const evaluated = new Map()

/** What the functions are given in the place of what only modules have. */
const $somon = {
  required,
  load,
  meta: { url: builtin('node:url').pathToFileURL(path.join(folder, 'core.script.js')).href },
  // Copying the properties of a module of Node would load what stands behind them.
  withDefault: (module) => ({ __proto__: module, default: module }),
  performance: {
    // The global one would load node:perf_hooks.
    now() {
      const [seconds, nanoseconds] = process.hrtime()
      return seconds * 1e3 + nanoseconds / 1e6
    },
  },
}

/** Returns the exports of a chunk that lies in a script. */
export function chunk(name) {
  let exports = evaluated.get(name)
  if (exports === undefined) {
    exports = functionsOf(SCRIPTS[name])[name]($somon)
    evaluated.set(name, exports)
  }
  return exports
}

function functionsOf(name) {
  let found = functions.get(name)
  if (found === undefined) {
    const filename = path.join(folder, `${name}.script.js`)
    const cachedData = readCodeCache(name)
    const script = new vm.Script(fs.readFileSync(filename, 'latin1'), { filename, cachedData })
    found = script.runInThisContext()
    scripts.set(name, script)
    functions.set(name, found)
  }
  return found
}

function readCodeCache(script) {
  const name = `${script}.${process.versions.v8}.${process.arch}.cache`
  try {
    return fs.readFileSync(path.join(folder, name))
  } catch {
    // Built with another V8: the script is compiled anew, as any module is.
    return undefined
  }
}

/** Modules of Node that are not ready are loaded when they are first used; many never are. */
function required(name) {
  if (name.startsWith('./')) return chunk(name.slice(2))
  const short = name.replace(/^node:/, '')
  if (READY.has(short)) return builtin(short)
  let loaded
  return new Proxy(Object.freeze({}), { get: (_, key) => (loaded ??= builtin(short))[key] })
}

async function load(specifier, options) {
  // CommonJS: an import would read its exports out of its text first.
  if (specifier === 'esbuild')
    return builtin('node:module').createRequire(import.meta.url)(specifier)
  // What is relative is a chunk: users' modules come as URLs.
  if (!specifier.startsWith('./')) return import(specifier, options)
  const name = specifier.slice(2)
  return name in SCRIPTS ? chunk(name) : import(`./chunks/${name}`)
}
