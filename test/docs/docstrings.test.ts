import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { docstringExamples } from '../support/docstring-examples.ts'
import { createFixture } from '../support/fixture.ts'
import { exampleConfig, linkPackage } from '../support/linked-package.ts'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)
const source = readFileSync(join(root, 'src/system/module-system.ts'), 'utf8')
const examples = docstringExamples(source)

describe('the docstrings of ModuleSystem', () => {
  test('have an example for every public method', () => {
    const methods = [...source.matchAll(/^ {2}(?:async )?([a-z]\w*)(?:<[^(]*>)?\(/gm)].map(
      ([, name]) => name,
    )
    const shown = examples.map(({ text }) => text).join('\n')

    const missing = methods.filter((name) => !new RegExp(`\\.${name}[(<]`).test(shown))

    expect(methods).toContain('invalidate')
    expect(missing.filter((name) => name !== 'constructor')).toEqual([])
  })

  test('have examples that compile and run', { timeout: 120_000 }, async () => {
    await using fixture = await createFixture({
      'package.json': '{"type":"module"}',
      'orders.ts': 'export const total = (prices: number[]) => prices.reduce((a, b) => a + b, 0)\n',
      'program.ts': program(),
      'tsconfig.json': exampleConfig({ files: ['program.ts'] }),
    })
    await linkPackage(fixture)
    const compiler = join(root, 'node_modules/typescript/bin/tsc')

    const compiled = await run(process.execPath, [compiler, '-p', fixture.root]).catch(
      (error: { stdout: string }) => error,
    )
    const { stdout } = await run(
      process.execPath,
      ['--conditions=somon-source', fixture.path('program.ts')],
      { cwd: fixture.root },
    )

    expect(compiled.stdout).toBe('')
    expect(stdout.split('\n')).toContain(`done ${examples.length}`)
  })
})

/** Every example in a block of its own, with a system where it makes none. */
function program(): string {
  const blocks = examples.map(({ text }) =>
    /new ModuleSystem/.test(text)
      ? `{\n${text}\n}`
      : `{\nawait using system = new ModuleSystem()\nawait system.load('./orders.ts')\n${text}\n}`,
  )
  return [
    "import { ModuleSystem } from 'somon'",
    ...blocks,
    `console.log('done', ${examples.length})`,
  ].join('\n')
}
