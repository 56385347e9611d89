import { execFileSync } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { declarationsOf, type Declaration } from './declarations.ts'
import { block, code, page } from './markdown.ts'

const ENTRY_POINTS = [
  { specifier: 'somon', file: 'index' },
  { specifier: 'somon/plugin', file: 'plugin' },
  { specifier: 'somon/component', file: 'component' },
  { specifier: 'somon/testing', file: 'testing' },
  { specifier: 'somon/plugin/testing', file: 'plugin-testing' },
] as const

/** Everything the package exports, as the compiler declares it, with its docstrings. */
export async function apiPage(root: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'somon-docs-'))
  try {
    declare(root, folder)
    const parts: string[] = [
      'What the package exports, as its type declarations say it; anything else may change at any time.',
    ]
    for (const { specifier, file } of ENTRY_POINTS) {
      parts.push(`## ${specifier}`)
      for (const name of await exportsOf(folder, file)) parts.push(section(specifier, name))
    }
    return page('API', 'the public entry points of `src`', parts)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Lets the compiler write the declarations: they have no bodies and no private members. */
function declare(root: string, folder: string): void {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const options = ['-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', folder]
  execFileSync(process.execPath, [compiler, ...options], { cwd: root, stdio: 'pipe' })
}

interface Exported {
  readonly name: string
  readonly declaration: Declaration | undefined
}

async function exportsOf(folder: string, entry: string): Promise<Exported[]> {
  const text = await readFile(join(folder, `${entry}.d.ts`), 'utf8')
  const found: Exported[] = []
  for (const [, list = '', from = ''] of text.matchAll(
    /export (?:type )?\{([^}]*)\} from '([^']+)'/g,
  )) {
    const file = join(folder, from.replace(/\.(?:js|ts)$/, '.d.ts'))
    const declarations = declarationsOf(await readFile(file, 'utf8'))
    for (const item of list
      .split(',')
      .map((part) => part.trim())
      .filter(Boolean)) {
      const [original = '', renamed] = item.replace(/^type /, '').split(' as ')
      const declaration = declarations.find((candidate) => candidate.name === original)
      found.push({ name: renamed ?? original, declaration })
    }
  }
  return found.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function section(specifier: string, { name, declaration }: Exported): string {
  const title = `### ${code(name)} (${specifier})`
  if (declaration === undefined) return title
  const { doc, text } = declaration
  return [title, ...prose(doc), block('ts', text.replace(/^export (?:declare )?/, ''))].join('\n\n')
}

/** The docstring as text: tags become lines, examples keep their form. */
function prose(doc: string): string[] {
  if (doc === '') return []
  const [description = '', ...tags] = doc.split(/\n(?=@)|^(?=@)/m)
  const lines = tags.map((tag) => {
    const [, name = '', rest = ''] = /^@(\w+)\s*([\s\S]*)$/.exec(tag) ?? []
    return name === 'example'
      ? block('ts', rest)
      : `- ${name}: ${rest.replaceAll(/\s+/g, ' ').trim()}`
  })
  const facts = lines.filter((line) => !line.startsWith('```'))
  const examples = lines.filter((line) => line.startsWith('```'))
  return [description.trim(), facts.join('\n'), ...examples].filter((part) => part !== '')
}
