import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { FusedPlugin, HookFilter } from 'somon/plugin'

/** How WebAssembly files become modules. */
export interface WasmOptions {
  /** Which files; a text is a glob from the project root. Default: `.wasm`. */
  readonly include?: HookFilter['id']
}

/** Changes when the text made from the same file changes. */
const FORMAT = 1

/**
 * Imports WebAssembly files.
 *
 * `import module from './x.wasm'` gives the compiled `WebAssembly.Module`; `import init from
 * './x.wasm?init'` gives a function that makes instances of it. A module is compiled once per
 * content in a process, whatever number of files import it and however often they are reloaded,
 * and is forgotten when nothing uses it any more.
 */
export function wasm(options: WasmOptions = {}): FusedPlugin {
  const include = options.include ?? /\.wasm(?:$|\?)/
  return {
    name: 'wasm',
    cacheKey: JSON.stringify({ FORMAT, include: printed(include) }),
    load: {
      filter: { id: include },
      async handler(id, { attributes }) {
        // `with { type: 'bytes' }` asks for the file as it stands.
        if (attributes.type !== undefined) return null
        const [file = id, query = ''] = id.split('?', 2)
        if (query !== '' && query !== 'init') {
          this.error({
            code: 'SOMON_WASM_QUERY',
            message: `Cannot import "${nameOf(id)}": "?${query}" is unknown; expected "?init" or nothing`,
            fix: 'Leave the query out for the compiled module, or write "?init"',
          })
        }
        this.addWatchFile(file)
        const bytes = await readFile(file)
        const fault = faultOf(bytes)
        if (fault !== undefined) {
          this.error({
            code: 'SOMON_WASM_INVALID',
            message: `Cannot import "${nameOf(id)}": ${fault}`,
            fix: 'Build the file again; WebAssembly text (.wat) has to be assembled first',
          })
        }
        return { code: scriptOf(bytes, query === 'init'), loader: 'js' }
      },
    },
  }
}

/** V8 says where a binary is wrong; what is no binary at all gets a plain sentence. */
function faultOf(bytes: Uint8Array): string | undefined {
  if (Buffer.compare(bytes.subarray(0, 4), MAGIC) !== 0) {
    return 'it is no WebAssembly binary; expected a file that starts with the bytes 00 61 73 6d'
  }
  const { WebAssembly: engine } = globalThis as unknown as { WebAssembly: Engine }
  if (engine.validate(bytes)) return undefined
  try {
    // oxlint-disable-next-line no-new -- only the error is wanted
    new engine.Module(bytes)
  } catch (error) {
    return (error as Error).message.replace(/^WebAssembly\.Module\(\): /, '')
  }
  return 'it is no valid WebAssembly'
}

/** @types/node knows the types of WebAssembly, not its functions. */
interface Engine {
  validate(bytes: Uint8Array): boolean
  readonly Module: new (bytes: Uint8Array) => object
}

const MAGIC = Uint8Array.from([0, 0x61, 0x73, 0x6d])

/** The bytes stand in the code, hashed and read in one go: they can never be another build's. */
function scriptOf(bytes: Uint8Array, init: boolean): string {
  const hash = createHash('sha256').update(bytes).digest('hex')
  const text = Buffer.from(bytes).toString('base64')
  return `${RUNTIME}
const module = compiled("${hash}", "${text}");
${init ? INIT : 'export default module;'}
`
}

/**
 * Compiled modules of this process by hash. It holds them weakly, so a reload that drops the last
 * user of a module drops its code.
 */
const RUNTIME = `const KEY = Symbol.for("somon-plugin-wasm");
function compiled(hash, text) {
  const modules = (globalThis[KEY] ??= new Map());
  const known = modules.get(hash)?.deref();
  if (known !== undefined) return known;
  const module = new WebAssembly.Module(Buffer.from(text, "base64"));
  for (const [other, reference] of modules) if (reference.deref() === undefined) modules.delete(other);
  modules.set(hash, new WeakRef(module));
  return module;
}`

const INIT = `export { module };
export default function init(imports) {
  return WebAssembly.instantiate(module, imports ?? {});
}`

function nameOf(id: string): string {
  return id.slice(Math.max(id.lastIndexOf('/'), id.lastIndexOf('\\')) + 1)
}

function printed(include: NonNullable<HookFilter['id']>): string {
  return JSON.stringify(include, (_key, value: unknown) =>
    value instanceof RegExp ? String(value) : value,
  )
}
