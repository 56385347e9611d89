/** The extensions that esbuild guesses for a path without one, in its order. */
export const BUNDLER_EXTENSIONS: readonly string[] = ['.tsx', '.ts', '.jsx', '.js', '.css', '.json']

/** The extensions that we guess: esbuild's first, so that both agree wherever it finds a file. */
export const GUESSED_EXTENSIONS: readonly string[] = [
  ...BUNDLER_EXTENSIONS,
  '.mts',
  '.cts',
  '.mjs',
  '.cjs',
]

/** The TypeScript files that an import may name by the extension of their output. */
export const OUTPUT_EXTENSIONS: Readonly<Record<string, readonly string[]>> = {
  '.js': ['.js', '.ts', '.tsx'],
  '.jsx': ['.jsx', '.ts', '.tsx'],
  '.mjs': ['.mjs', '.mts'],
  '.cjs': ['.cjs', '.cts'],
}

/** Tells whether a file is TypeScript by its name. */
export function isTypeScript(file: string): boolean {
  return /\.[cm]?tsx?$/.test(file)
}
