import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { apiPage } from './docs/api-page.ts'
import { cliPage } from './docs/cli-page.ts'
import { errorsPage } from './docs/errors-page.ts'
import { eventsPage } from './docs/events-page.ts'
import { settingsPage } from './docs/settings-page.ts'

/**
 * Writes the reference pages from the tables in code; with `--check` writes nothing and ends with
 * exit code 1 when a page differs.
 */
const root = join(import.meta.dirname, '..')
const pages: Readonly<Record<string, (root: string) => Promise<string> | string>> = {
  'docs/reference/api.md': apiPage,
  'docs/reference/cli.md': cliPage,
  'docs/reference/errors.md': errorsPage,
  'docs/reference/events.md': eventsPage,
  'docs/reference/settings.md': settingsPage,
}
const check = process.argv.includes('--check')
const stale: string[] = []

for (const [file, page] of Object.entries(pages)) {
  const target = join(root, file)
  const wanted = await page(root)
  if ((await readFile(target, 'utf8').catch(() => '')) === wanted) continue
  stale.push(file)
  if (check) continue
  await mkdir(dirname(target), { recursive: true })
  await writeFile(target, wanted)
}

if (check && stale.length > 0) {
  console.error(`Out of date: ${stale.join(', ')}. Run: npm run docs:gen`)
  process.exitCode = 1
} else {
  console.log(stale.length === 0 ? 'Reference pages are up to date' : `Wrote ${stale.join(', ')}`)
}
