import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { examplesOf, type Example } from '../support/doc-examples.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'
import { exampleConfig, linkPackage } from '../support/linked-package.ts'
import { docPages } from '../support/markdown.ts'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)
const pages = await docPages(['README.md', 'docs/guide/**/*.md', 'plugins/*/README.md'])
const examples = pages.flatMap(examplesOf)

describe('the examples of the documentation', () => {
  test('compile', { skip: examples.length === 0, timeout: 120_000 }, async () => {
    await using fixture = await createFixture()
    for (const [i, example] of examples.entries()) await writeExample(fixture, `${i}`, example)
    await linkPackage(fixture)
    await fixture.write('package.json', '{"type":"module"}')
    await fixture.write(
      'tsconfig.json',
      exampleConfig({ include: ['**/*.ts'], exclude: ['node_modules'] }),
    )

    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const result = await run(process.execPath, [compiler, '-p', fixture.root]).catch(
      (error: { stdout: string }) => error,
    )

    expect(result.stdout).toBe('')
  })

  for (const example of examples) {
    test(`${example.page}:${example.line} runs`, { timeout: 60_000 }, async () => {
      await using fixture = await createFixture({ 'package.json': '{"type":"module"}' })
      const file = await writeExample(fixture, '.', example)
      await linkPackage(fixture)

      const args = ['--conditions=somon-source', file]
      const { stdout } = example.untilStopped
        ? await runUntilStopped(args, fixture.root, example.prints)
        : await run(process.execPath, args, { cwd: fixture.root })

      for (const line of example.prints) expect(stdout).toContain(line)
    })
  }
})

/** Stops a program once it has printed what the page says; it has to end by itself then. */
async function runUntilStopped(
  args: readonly string[],
  cwd: string,
  prints: readonly string[],
): Promise<{ readonly stdout: string }> {
  const child = spawn(process.execPath, args, {
    ...{ cwd, timeout: 50_000, killSignal: 'SIGKILL' as const },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  let stdout = ''
  for await (const chunk of child.stdout) {
    stdout += String(chunk)
    // Once only: a second one would not find the program's handler any more.
    if (!child.killed && prints.every((text) => stdout.includes(text))) child.kill('SIGTERM')
  }
  expect(await closed).toEqual([0, null])
  return { stdout }
}

async function writeExample(fixture: Fixture, folder: string, example: Example): Promise<string> {
  const shared = join(root, 'fixtures/docs', basename(example.page, '.md'))
  await cp(shared, fixture.path(folder), { recursive: true }).catch(ignoreMissing)
  for (const { path, text } of example.files) await fixture.write(join(folder, path), text)
  return fixture.write(join(folder, 'example.ts'), example.text)
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error
}
