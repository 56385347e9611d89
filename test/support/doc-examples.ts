import { codeBlocks, type DocPage } from './markdown.ts'

/** A file that a page shows, to be written before its examples run. */
export interface ExampleFile {
  readonly path: string
  readonly text: string
}

/** A program of a page: it compiles, runs without error, and prints what the page says. */
export interface Example {
  readonly page: string
  readonly line: number
  readonly text: string
  /** The files that earlier blocks of the page have shown. */
  readonly files: readonly ExampleFile[]
  /** The texts after `// prints: `, in order. */
  readonly prints: readonly string[]
  /** It goes on until it gets SIGTERM, and then ends by itself. */
  readonly untilStopped: boolean
}

/**
 * Finds the examples of a page.
 *
 * A block opened with `ts runs` is a program, with `ts runs until-stopped` one that goes on. A block of any language that starts with
 * `// src/name.ts` or `# name.toml` is a file beside the programs after it; so is every file below
 * `fixtures/docs/<name of the page>/`.
 */
export function examplesOf({ file: page, text }: DocPage): readonly Example[] {
  const files = new Map<string, ExampleFile>()
  const examples: Example[] = []
  for (const { language, marks, text: code, line } of codeBlocks(text)) {
    const [first = ''] = code.split('\n')
    const path = /^(?:\/\/|#) ([\w./-]+\.\w+)$/.exec(first)?.[1]
    if (path !== undefined) files.set(path, { path, text: code })
    if (language === 'ts' && marks.includes('runs')) {
      const prints = [...code.matchAll(/\/\/ prints: (.+)$/gm)].map((match) => match[1] ?? '')
      const untilStopped = marks.includes('until-stopped')
      examples.push({ page, line, text: code, files: [...files.values()], prints, untilStopped })
    }
  }
  return examples
}
