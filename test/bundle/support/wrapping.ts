import { build } from 'esbuild'
import type { Wrapped } from '../../../src/bundle/wrap.ts'
import { wrap } from '../../../src/bundle/wrap.ts'
import type { Ran, RunOptions } from './run-wrapped.ts'
import { runWrapped } from './run-wrapped.ts'

/** Prints a text as esbuild does in a bundle; every bare import stays one. */
export async function printed(source: string, files: Readonly<Record<string, string>> = {}) {
  const result = await build({
    stdin: { contents: source, sourcefile: '/src/entry.ts', loader: 'ts', resolveDir: '/' },
    absWorkingDir: '/',
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    target: 'node24',
    plugins: [
      {
        name: 'files',
        setup(esbuild) {
          esbuild.onResolve({ filter: /^\.\// }, ({ path }) => ({ path, namespace: 'f' }))
          esbuild.onLoad({ filter: /.*/, namespace: 'f' }, ({ path }) => ({
            contents: files[path] ?? '',
            resolveDir: '/',
            loader: path.endsWith('.cjs') ? 'js' : 'ts',
          }))
        },
      },
    ],
  })
  return result.outputFiles[0]?.text ?? ''
}

export function wrapText(text: string): Wrapped {
  return wrap(text, {
    entry: 'src/entry.ts',
    isInput: (path) => /^(?:src|f):?/.test(path),
    copyOf: () => '',
  })
}

export async function runText(text: string, options: RunOptions = {}): Promise<Ran> {
  const wrapped = wrapText(text)
  return runWrapped({ ...wrapped, deps: wrapped.imports }, options)
}

export async function run(
  source: string,
  modules: RunOptions['modules'] = {},
  files: Readonly<Record<string, string>> = {},
): Promise<Ran> {
  return runText(await printed(source, files), { modules })
}

export const ext = { default: 'the default', a: 1, b: 2, 'a name': 3 }
