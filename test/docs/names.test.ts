import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { COMMANDS, GLOBAL_FLAGS } from '../../src/cli/command-table.ts'
import { dependencyRowOfVariable } from '../../src/config/dependency-rows.ts'
import { settingsTable } from '../../src/config/schema.ts'
import { errorCatalogue } from '../support/error-catalogue.ts'
import { codeBlocks, codeSpans, docPages } from '../support/markdown.ts'

// The reference is generated from the tables, and its examples hold names that are wrong on purpose.
const root = join(import.meta.dirname, '../..')
const pages = (await docPages()).filter(({ file }) => !file.startsWith('docs/reference/'))
const codes = new Set([
  ...(await errorCatalogue()).map(({ code }) => code),
  ...(await pluginCodes()),
])
const variables = new Set(
  // A secret may be named by a file instead.
  settingsTable.flatMap(({ env, secret }) =>
    secret ? env.flatMap((name) => [name, `${name}_FILE`]) : env,
  ),
)
const folders = new Set([...codes].map((code) => code.split('_')[1] ?? ''))

/** Variables that are read outside of the settings: tests and their servers. */
const OTHER_VARIABLES = /^SOMON_TEST_[A-Z_]+$/

/** Plugins are no part of the catalogue: their codes are the literals in their sources. */
async function pluginCodes(): Promise<readonly string[]> {
  const files = await Array.fromAsync(glob('plugins/*/src/**/*.ts', { cwd: root }))
  const texts = files.map((file) => readFileSync(join(root, file), 'utf8'))
  return texts.flatMap((text) =>
    [...text.matchAll(/'(SOMON_[A-Z_]+)'/g)].map(([, code = '']) => code),
  )
}

describe('the names in the documentation', () => {
  test.each(pages)('$file names error codes and variables that exist', ({ text }) => {
    const names = new Set(text.match(/\bSOMON_[A-Z0-9_]+\b(?!<|_)/g) ?? [])

    const unknown = [...names].filter(
      (name) =>
        !codes.has(name) &&
        !variables.has(name) &&
        !OTHER_VARIABLES.test(name) &&
        dependencyRowOfVariable(name, []) === undefined,
    )

    expect(unknown).toEqual([])
  })

  test.each(pages)('$file calls commands and flags that exist', ({ text }) => {
    const faults = commandLines(text).flatMap(faultsOf)

    expect(faults).toEqual([])
  })
})

describe('faultsOf()', () => {
  test.each([
    ['somon bundle src/main.ts --outdir dist --minify', []],
    ['npx somon bundle a.ts --no-minify -o dist', []],
    ['somon run server.ts -- --port 3000', []],
    ['somon --version', []],
    ['somon bundel a.ts', ['bundel']],
    ['somon bundle a.ts --minfy', ['--minfy']],
    ['somon graph a.ts --outdir=x', ['--outdir']],
  ])('finds in %s: %j', (line, faults) => {
    expect(faultsOf(line)).toEqual(faults)
  })
})

test('the catalogue of errors covers several folders', () => {
  expect(folders.size).toBeGreaterThan(3)
})

/** The calls of the command line that a page shows, in blocks and between back quotes. */
function commandLines(text: string): string[] {
  const shells = codeBlocks(text).filter(({ language }) =>
    /^(?:sh|bash|shell|console)$/.test(language),
  )
  const lines = shells.flatMap((block) => {
    const all = block.text.replaceAll('\\\n', ' ').split('\n')
    // A call under which its refusal is shown is wrong on purpose.
    return all.filter((_, index) => all[index + 1]?.startsWith('SOMON_CLI_UNKNOWN_') !== true)
  })
  // What a page announces as planned need not exist yet.
  const present = text.replaceAll(/^.*\bplanned\b.*$/gm, '')
  return [...lines, ...codeSpans(present)]
    .map((line) => line.replace(/^\s*(?:\$ )?/, '').replace(/\s#.*$/, ''))
    .filter((line) => /^(?:npx )?somon\s+\S/.test(line) && !/^(?:npx )?somon\/|[…<[|]/.test(line))
}

/** Returns the words of a call that the command line does not know. */
function faultsOf(line: string): string[] {
  const [own = ''] = line.split(' -- ')
  const words = own.replace(/^(?:npx )?somon\s+/, '').split(/\s+/)
  const name = words.find((word) => !word.startsWith('-'))
  const command = COMMANDS.find((candidate) => candidate.name === name)
  if (name !== undefined && command === undefined && !isNestedValue(words, name)) return [name]
  const known = new Set(['--help', '-h', '--version', '-v', '-V'])
  for (const { name: flag, short, kind } of [...GLOBAL_FLAGS, ...(command?.flags ?? [])]) {
    known.add(`--${flag}`)
    if (short !== undefined) known.add(`-${short}`)
    if (kind === 'boolean') known.add(`--no-${flag}`)
  }
  return words
    .filter((word) => /^--?[a-z]/i.test(word))
    .map((word) => word.split('=')[0] ?? '')
    .filter((word) => !known.has(word))
}

/** `somon --root dir bundle`: the first plain word may be the value of a global flag. */
function isNestedValue(words: readonly string[], name: string): boolean {
  const before = words[words.indexOf(name) - 1]?.replace(/^--/, '')
  return GLOBAL_FLAGS.some((flag) => flag.name === before && flag.kind !== 'boolean')
}
