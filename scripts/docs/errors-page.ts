import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ErrorFactory } from '../../src/base/error.ts'
import { block, page, sentence } from './markdown.ts'

/** The catalogue of errors: each code with when it occurs, how it reads, and what helps. */
export async function errorsPage(root: string): Promise<string> {
  const files = await Array.fromAsync(glob('src/*/errors.ts', { cwd: root }))
  const parts: string[] = [INTRODUCTION]
  for (const file of files.toSorted()) {
    const factories = await factoriesOf(join(root, file))
    if (factories.length === 0) continue
    parts.push(`## ${file.split('/')[1] ?? ''}`)
    for (const factory of factories) parts.push(await section(root, factory))
  }
  return page('Errors', '`src/*/errors.ts` and `fixtures/errors`', parts)
}

const INTRODUCTION = `Every error that somon throws is a \`SomonError\` with a code. Match \`error.code\`, never the message:
messages may become clearer at any time, codes change only with a major version. \`error.fix\` says what
to do, \`error.data\` holds the facts of the message as values, \`error.location\` and \`error.frame\` show
the place in the source, \`error.cause\` what lies below.`

async function factoriesOf(file: string): Promise<ErrorFactory<never>[]> {
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>
  return Object.values(module)
    .filter((value) => isFactory(value))
    .toSorted((a, b) => (a.code < b.code ? -1 : 1))
}

function isFactory(value: unknown): value is ErrorFactory<never> {
  return typeof value === 'function' && 'code' in value && typeof value.code === 'string'
}

async function section(root: string, { code, when, remedy }: ErrorFactory<never>): Promise<string> {
  const folder = join(root, 'fixtures/errors', code)
  const example = await readFile(join(folder, 'expected.txt'), 'utf8').catch(() => '')
  const parts = [`### ${code}`, sentence(when)]
  if (example !== '') parts.push(`Example: ${await storyOf(folder)}`, block('text', example))
  parts.push(`What helps: ${sentence(remedy)}`)
  return parts.join('\n\n')
}

async function storyOf(folder: string): Promise<string> {
  const url = pathToFileURL(join(folder, 'case.ts')).href
  const { errorCase } = (await import(url)) as { errorCase: { story: string } }
  return sentence(errorCase.story).replace(/^./, (letter) => letter.toLowerCase())
}
