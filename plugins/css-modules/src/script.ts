/** What is left of a style sheet once its local names are taken out. */
export interface Sheet {
  readonly text: string
  /** By specifier: which placeholder stands for which name of that sheet. */
  readonly imports: Readonly<Record<string, Readonly<Record<string, string>>>>
  /** Exported names and their values, which may hold placeholders. */
  readonly exports: Readonly<Record<string, string>>
}

/** How names are exported. */
export interface ScriptOptions {
  readonly textExport: string | false
  readonly camelCase: boolean
}

/**
 * Writes a sheet as an ES module: its names as exports, all of them as default export.
 *
 * Names of other sheets are imported by name, so that a missing one is an error of the build.
 */
export function scriptOfSheet(sheet: Sheet, { textExport, camelCase }: ScriptOptions): string {
  const imported = new Map<string, string>()
  const lines: string[] = []
  const texts: string[] = []
  for (const [index, [specifier, names]] of Object.entries(sheet.imports).entries()) {
    const clauses = Object.entries(names).map(([placeholder, name], position) => {
      const local = `$i${index}_${position}`
      imported.set(placeholder, local)
      return `${JSON.stringify(name)} as ${local}`
    })
    if (textExport !== false) {
      clauses.push(`${JSON.stringify(textExport)} as $t${index}`)
      texts.push(`$t${index}`)
    }
    lines.push(`import { ${clauses.join(', ')} } from ${JSON.stringify(specifierOf(specifier))};`)
  }
  const fill = filler(imported)
  const names = camelCase ? withCamelCase(sheet.exports) : sheet.exports
  const members: string[] = []
  const exported: string[] = []
  for (const [index, [name, value]] of Object.entries(names).entries()) {
    lines.push(`const $${index} = ${fill(value)};`)
    members.push(`${name === '__proto__' ? '["__proto__"]' : JSON.stringify(name)}: $${index}`)
    if (name !== 'default') exported.push(`$${index} as ${JSON.stringify(name)}`)
  }
  if (textExport !== false) {
    lines.push(
      `const $text = [${[...texts, fill(sheet.text)].join(', ')}].filter(Boolean).join("\\n");`,
    )
    exported.push(`$text as ${JSON.stringify(textExport)}`)
  }
  lines.push(`export default { ${members.join(', ')} };`)
  if (exported.length > 0) lines.push(`export { ${exported.join(', ')} };`)
  return `${lines.join('\n')}\n`
}

/** The mark that makes a style sheet of any name a CSS module. */
export const MODULE_QUERY = '?css-module'

/** Composed sheets are CSS modules whatever their name is. */
function specifierOf(specifier: string): string {
  return specifier.endsWith('.module.css') ? specifier : `${specifier}${MODULE_QUERY}`
}

/** Writes a text in which placeholders stand for imported values as an expression. */
function filler(imported: ReadonlyMap<string, string>): (text: string) => string {
  if (imported.size === 0) return (text) => JSON.stringify(text)
  // Longest first: one placeholder may begin with another one.
  const words = [...imported.keys()].toSorted((a, b) => b.length - a.length)
  const pattern = new RegExp(`(${words.join('|')})(?![\\w-])`)
  return (text) => {
    const parts = text.split(pattern).map((part, index) => {
      return index % 2 === 0 ? JSON.stringify(part) : (imported.get(part) ?? '""')
    })
    return parts.filter((part) => part !== '""').join(' + ') || '""'
  }
}

function withCamelCase(names: Readonly<Record<string, string>>): Record<string, string> {
  const all: Record<string, string> = { ...names }
  for (const [name, value] of Object.entries(names)) {
    const camel = name.replaceAll(/[-_]+(?<letter>\w)/g, (_match, letter: string) =>
      letter.toUpperCase(),
    )
    all[camel] ??= value
  }
  return all
}
