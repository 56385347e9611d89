import { execFile, execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'

const root = join(import.meta.dirname, '..', '..')
const run = promisify(execFile)
const old = oldNode()
const why = old === undefined ? ' (skipped: PATH has no Node older than 24)' : ''

describe.skipIf(old === undefined)(`the package under an old Node${why}`, () => {
  test.for(['index', 'plugin', 'testing', 'plugin-testing'])(
    'dist/%s.js refuses to be imported and says what is needed',
    async (entry) => {
      const url = pathToFileURL(join(root, 'dist', `${entry}.js`)).href

      const error = await run(old?.file ?? '', ['-e', `import(${JSON.stringify(url)})`]).catch(
        (thrown: { stderr: string }) => thrown,
      )

      expect(error.stderr).toContain(
        `Error: somon needs Node.js 24.20 or newer; this is ${old?.version}. ` +
          'Run the program with: npx -y -p node@24 -- node <file>',
      )
    },
  )

  test('bin/somon.js says the same, keeps arguments whole and ends with 2', async () => {
    const argv = ['watch', 'a.ts', '--exec', "npm test -- 'x y'"]

    const error = await run(old?.file ?? '', [join(root, 'bin', 'somon.js'), ...argv]).catch(
      (thrown: { stderr: string; code: number }) => thrown,
    )

    expect(error.stderr).toContain(`somon needs Node.js 24.20 or newer; this is ${old?.version}.`)
    expect(error.stderr).toContain(
      String.raw`npx somon watch a.ts --exec 'npm test -- '\''x y'\'''`,
    )
    expect(error).toMatchObject({ code: 2 })
  })
})

test('every file of dist that a program imports checks the version of Node', () => {
  const text = readFileSync(join(root, 'dist', 'index.js'), 'utf8')

  expect(text.split('\n')[0]).toContain('process.versions.node')
})

/** The first Node of PATH that is too old. */
function oldNode(): { readonly file: string; readonly version: string } | undefined {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, 'node')
    if (!existsSync(file)) continue
    const version = execFileSync(file, ['-p', 'process.versions.node'], { encoding: 'utf8' }).trim()
    if (Number(version.split('.')[0]) < 24) return { file, version }
  }
  return undefined
}
