import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { lex } from './lexer.ts'

/** What a module imports before it runs. */
export interface StaticImport {
  readonly specifier: string
  readonly attributes: Readonly<Record<string, string>>
}

/**
 * Lists what a JavaScript file imports before it runs, in order; nothing for a file that is no
 * module.
 *
 * @returns undefined when the text cannot be read
 */
export async function staticImportsOf(file: string): Promise<readonly StaticImport[] | undefined> {
  if (!SCRIPTS.has(extname(file))) return []
  try {
    const text = await readFile(file, 'utf8')
    return lex(text)
      .imports.filter(({ phase }) => phase === undefined)
      .map(({ specifier, attributes = {} }) => ({ specifier, attributes }))
  } catch {
    return undefined
  }
}

const SCRIPTS: ReadonlySet<string> = new Set(['.js', '.mjs', '.cjs', '.ts', '.mts', '.cts', ''])
