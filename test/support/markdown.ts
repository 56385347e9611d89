import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')

/** One page of documentation. */
export interface DocPage {
  /** Relative to the project. */
  readonly file: string
  readonly text: string
}

/** A fenced block of a page. */
export interface CodeBlock {
  readonly language: string
  /** The words after the language, such as `runs`. */
  readonly marks: readonly string[]
  readonly text: string
  /** Where its first line of code stands, 1-based. */
  readonly line: number
}

/** Every page that a reader may open, changelog and licence aside. */
export async function docPages(
  patterns: readonly string[] = ['*.md', 'docs/**/*.md', 'bench/**/*.md', 'plugins/*/*.md'],
): Promise<readonly DocPage[]> {
  const files = await Array.fromAsync(glob([...patterns], { cwd: root }))
  return files
    .filter((file) => !file.includes('node_modules') && file !== 'CHANGELOG.md')
    .toSorted()
    .map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }))
}

/** The fenced blocks of a page, in order. */
export function codeBlocks(text: string): readonly CodeBlock[] {
  const blocks: CodeBlock[] = []
  let open: { words: readonly string[]; lines: string[]; line: number } | undefined
  for (const [index, line] of text.split('\n').entries()) {
    const fence = /^\s*```+\s*(.*)$/.exec(line)
    if (open === undefined) {
      if (fence) open = { words: (fence[1] ?? '').split(/\s+/), lines: [], line: index + 2 }
    } else if (fence) {
      const [language = '', ...marks] = open.words
      blocks.push({ language, marks, text: open.lines.join('\n'), line: open.line })
      open = undefined
    } else open.lines.push(line)
  }
  return blocks
}

/** A page without its fenced blocks: lines stay where they were. */
export function withoutBlocks(text: string): string {
  let inside = false
  const lines = text.split('\n').map((line) => {
    const isFence = /^\s*```/.test(line)
    if (isFence) inside = !inside
    return inside || isFence ? '' : line
  })
  return lines.join('\n')
}

/** The texts between single back quotes outside of blocks. */
export function codeSpans(text: string): readonly string[] {
  return [...withoutBlocks(text).matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '')
}

/** The anchors of a page's headings, made as GitHub makes them. */
export function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, title = ''] of withoutBlocks(text).matchAll(/^#{1,6}\s+(.+)$/gm)) {
    const slug = slugOf(title)
    let anchor = slug
    for (let n = 1; anchors.has(anchor); n += 1) anchor = `${slug}-${n}`
    anchors.add(anchor)
  }
  return anchors
}

function slugOf(title: string): string {
  return title
    .trim()
    .toLowerCase()
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .replaceAll(/\s/g, '-')
}

/** The links of a page that stay inside the project: path and anchor. */
export function internalLinks(
  text: string,
): readonly { readonly target: string; readonly path: string; readonly anchor: string }[] {
  const prose = withoutBlocks(text).replaceAll(/`[^`\n]*`/g, '')
  return [...prose.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)]
    .map((match) => match[1] ?? '')
    .filter((target) => !/^(?:[a-z]+:|\/\/)/i.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#')
      return { target, path, anchor }
    })
}
