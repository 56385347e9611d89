import { existsSync, readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { missingOperand } from './errors.ts'

/**
 * Turns what a user named into entries: files by their absolute path, packages by their name.
 *
 * A file is named relative to the working folder, as shells complete it.
 */
export function entryOf(operand: string, cwd: string): string {
  const file = resolve(cwd, operand)
  const isPath = /^\.{0,2}[/\\]/.test(operand) || isFile(file)
  return isPath ? file : operand
}

/**
 * Returns the named entries, else those of the project: `source` or `main` of its package.json if
 * that is a file, else the first of `src/index.ts`, `src/main.ts`, `index.ts` there is.
 *
 * @throws SomonError SOMON_CLI_MISSING_OPERAND when there is none
 */
export function entriesOf(
  operands: readonly string[],
  cwd: string,
  root: string,
  command: { readonly name: string; readonly example: string },
): readonly string[] {
  if (operands.length > 0) return operands.map((operand) => entryOf(operand, cwd))
  const named = [...manifestEntries(root), ...USUAL_ENTRIES].map((entry) => join(root, entry))
  const found = named.find(isFile)
  if (found !== undefined) return [found]
  const { name, example } = command
  throw missingOperand({ command: name, operand: 'the entry', example })
}

const USUAL_ENTRIES = ['src/index.ts', 'src/main.ts', 'index.ts'] as const

function manifestEntries(root: string): readonly string[] {
  const file = join(root, 'package.json')
  if (!existsSync(file)) return []
  const manifest: unknown = JSON.parse(readFileSync(file, 'utf8'))
  if (typeof manifest !== 'object' || manifest === null) return []
  const { source, main } = manifest as { readonly source?: unknown; readonly main?: unknown }
  return [source, main].filter((entry) => typeof entry === 'string')
}

function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() === true
  } catch {
    // A loop of links, or a folder that may not be looked into: the resolver says so.
    return false
  }
}
