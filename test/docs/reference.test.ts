import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { settingsTable } from '../../src/config/schema.ts'
import { errorCatalogue } from '../support/error-catalogue.ts'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

describe('docs/reference', () => {
  test(
    'is what the tables in code say: else run npm run docs:gen',
    { timeout: 120_000 },
    async () => {
      const script = join(root, 'scripts/docs-gen.ts')

      const result = await run(process.execPath, ['--conditions=somon-source', script, '--check'], {
        cwd: root,
      }).catch((error: { stderr: string }) => error)

      expect(result.stderr).toBe('')
    },
  )

  test('has every setting, and every error code that users can meet', async () => {
    const errors = await readFile(join(root, 'docs/reference/errors.md'), 'utf8')
    const settings = await readFile(join(root, 'docs/reference/settings.md'), 'utf8')

    const catalogue = await errorCatalogue()
    const missing = [
      ...catalogue.map(({ code }) => code).filter((code) => !errors.includes(`### ${code}\n`)),
      ...settingsTable
        .map(({ path }) => path)
        .filter((path) => !settings.includes(`### ${path}\n`)),
    ]

    expect(missing).toEqual([])
  })
})
