import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { resultsFolder, root, workFolder } from './paths.ts'
import { sectionOf } from './report.ts'
import type { QuestionResult } from './result.ts'

/**
 * Keeps a result: valid runs with all pairs in the repository, everything else where git does not
 * look, so that a quick try never replaces a reference.
 *
 * @returns the file it went to
 */
export async function saveResult(
  result: QuestionResult,
  options: { readonly gate: boolean },
): Promise<string> {
  const isReference = result.complete && result.self.valid && !options.gate
  const folder = isReference ? resultsFolder : join(workFolder, 'results')
  const file = join(folder, `${result.question}.json`)
  await mkdir(folder, { recursive: true })
  await writeFile(file, `${JSON.stringify(result, null, 1)}\n`)
  return file
}

/** Writes `bench/README.md` from the introduction and the reference results. */
export async function writeReadme(order: readonly string[]): Promise<string> {
  const file = join(root, 'bench/README.md')
  await writeFile(file, await readmeText(order))
  return file
}

/** The text of `bench/README.md`; questions without a reference result are named at the end. */
export async function readmeText(order: readonly string[]): Promise<string> {
  const introduction = await readFile(join(root, 'bench/introduction.md'), 'utf8')
  const results = await referenceResults()
  const answered = order.flatMap((name) => results.get(name) ?? [])
  const missing = order.filter((name) => !results.has(name))
  const parts = [introduction.trim(), ...answered.map(sectionOf)]
  if (missing.length > 0) parts.push(missingSection(missing))
  return `${parts.join('\n\n')}\n`
}

function missingSection(names: readonly string[]): string {
  const list = names.map((name) => `- \`${name}\``).join('\n')
  return `## Not answered yet\n\nNo reference run of these is stored:\n\n${list}`
}

async function referenceResults(): Promise<ReadonlyMap<string, QuestionResult>> {
  const results = new Map<string, QuestionResult>()
  const names = await readdir(resultsFolder).catch((): string[] => [])
  for (const name of names.filter((file) => file.endsWith('.json'))) {
    const result = JSON.parse(await readFile(join(resultsFolder, name), 'utf8')) as QuestionResult
    results.set(result.question, result)
  }
  return results
}
