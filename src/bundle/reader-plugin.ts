import type { EsbuildLoader } from './esbuild-build.ts'
import type { EsbuildPlugin } from './esbuild.ts'
import { isScript, type LoadCall } from './load-call.ts'
import type { PluginBuild } from './plugin-host.ts'
import { readFault } from './read-fault.ts'

/** The plugin list of a build without plugins: the reader alone. */
export function readerPlugin(build: PluginBuild): EsbuildPlugin {
  return {
    name: 'somon',
    setup: (esbuild) => {
      // A kept context is given the same bytes of a file until it changes.
      const finished = new WeakMap<Uint8Array, string | Uint8Array>()
      esbuild.onLoad({ filter: filterOf(build.only), namespace: 'file' }, async (args) => {
        try {
          const { contents, loader } = await build.read(args.path, args.with)
          return {
            contents: isScript(loader, args.path)
              ? finishOnce(contents, args.path, build, finished)
              : contents,
            loader: loader as EsbuildLoader,
          }
        } catch (thrown) {
          return { errors: [{ text: readFault(thrown), detail: thrown }] }
        }
      })
    },
  }
}

/** Files outside the filter cost no message between the processes. */
function filterOf(only: ReadonlySet<string> | undefined): RegExp {
  if (only === undefined) return /.*/
  const paths = Array.from(only, (file) => file.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`))
  return paths.length === 0 ? NO_FILE : new RegExp(`^(?:${paths.join('|')})$`)
}

const NO_FILE = /^$/

/** The reader as the last load of the fused chain; texts are decoded, because transforms follow. */
export function readerLoad(build: PluginBuild): (call: LoadCall) => Promise<string | Uint8Array> {
  return async (call) => {
    const { contents, loader } = await build.read(call.args.path, call.args.with)
    call.loader = loader as EsbuildLoader
    call.claimed = true
    return call.isBinary ? contents : textOf(contents)
  }
}

function finishOnce(
  contents: string | Uint8Array,
  file: string,
  build: PluginBuild,
  finished: WeakMap<Uint8Array, string | Uint8Array>,
): string | Uint8Array {
  if (typeof contents === 'string') return finishBytes(contents, file, build)
  let result = finished.get(contents)
  if (result === undefined) {
    result = finishBytes(contents, file, build)
    finished.set(contents, result)
  }
  return result
}

/** Bytes that `finish` leaves as they are go to esbuild as bytes: it would only encode them again. */
function finishBytes(
  contents: string | Uint8Array,
  file: string,
  build: PluginBuild,
): string | Uint8Array {
  const text = textOf(contents)
  const finished = build.finish(text, file)
  return finished === text ? contents : finished
}

function textOf(contents: string | Uint8Array): string {
  const text =
    typeof contents === 'string'
      ? contents
      : Buffer.from(contents.buffer, contents.byteOffset, contents.byteLength).toString()
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}
