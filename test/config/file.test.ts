import { mkdir } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { CONFIG_FILES, readConfigFile } from '../../src/config/file.ts'
import { createFixture } from '../support/fixture.ts'

const CONTENTS: Readonly<Record<(typeof CONFIG_FILES)[number], string>> = {
  'somon.config.ts': 'const level: string = "debug"\nexport default { log: { level } }',
  'somon.config.mts': 'const level: string = "debug"\nexport default { log: { level } }',
  'somon.config.js': 'export default { log: { level: "debug" } }',
  'somon.config.mjs': 'export default { log: { level: "debug" } }',
  'somon.config.json': '{ "$schema": "x", "log": { "level": "debug" } }',
  'somon.toml': '[log]\nlevel = "debug"',
  'somon.yaml': 'log:\n  level: debug',
}

describe('readConfigFile()', () => {
  test.for(CONFIG_FILES)('reads %s', async (name) => {
    await using fixture = await createFixture({
      [name]: CONTENTS[name],
      'package.json': '{ "type": "module" }',
    })

    const config = await readConfigFile(fixture.root)

    expect(config).toMatchObject({ name, file: fixture.path(name) })
    expect(config?.values.log).toEqual({ level: 'debug' })
  })

  test('searches upward to the nearest package.json', async () => {
    await using fixture = await createFixture({
      'somon.toml': '',
      'package.json': '{}',
      'a/b/file': '',
      'other/package.json': '{}',
      'other/c/file': '',
    })

    const found = await readConfigFile(fixture.path('a/b'))
    const hidden = await readConfigFile(fixture.path('other/c'))

    expect(found).toMatchObject({ name: '../../somon.toml', values: {} })
    expect(hidden).toBeUndefined()
  })

  test('ends its search at .git', async () => {
    await using fixture = await createFixture({ 'somon.toml': '', 'repo/a/file': '' })
    await mkdir(fixture.path('repo/.git'))

    expect(await readConfigFile(fixture.path('repo/a'))).toBeUndefined()
  })

  test('prefers the nearer of two folders and refuses two in one', async () => {
    await using fixture = await createFixture({
      'somon.toml': '',
      'somon.yaml': '',
      'package.json': '{}',
      'inner/somon.config.json': '{}',
    })

    const nearer = await readConfigFile(fixture.path('inner'))

    expect(nearer?.name).toBe('somon.config.json')
    await expect(readConfigFile(fixture.root)).rejects.toMatchObject({
      code: 'SOMON_CONFIG_AMBIGUOUS',
      data: { files: ['somon.toml', 'somon.yaml'] },
    })
  })

  test('reads the file that is asked for, whatever lies around', async () => {
    await using fixture = await createFixture({ 'somon.toml': '', 'etc/prod.yml': 'root: x' })

    const config = await readConfigFile(fixture.root, 'etc/prod.yml')

    expect(config?.values).toEqual({ root: 'x' })
  })

  test.for([
    ['gone.toml', undefined, 'SOMON_CONFIG_NOT_FOUND'],
    ['gone.ts', undefined, 'SOMON_CONFIG_NOT_FOUND'],
    ['a.ini', '', 'SOMON_CONFIG_SYNTAX'],
    ['a.toml', 'x = ', 'SOMON_CONFIG_SYNTAX'],
    ['a.yaml', '- 1', 'SOMON_CONFIG_SYNTAX'],
    ['a.json', '[]', 'SOMON_CONFIG_SYNTAX'],
    ['a.mjs', 'export default () => ({})', 'SOMON_CONFIG_SYNTAX'],
    ['a.mjs', 'export const x = 1', 'SOMON_CONFIG_SYNTAX'],
    ['a.mjs', 'throw new Error("no")', 'SOMON_CONFIG_IMPORT_FAILED'],
  ] as const)('refuses %s with "%s": %s', async ([name, contents, code]) => {
    await using fixture = await createFixture(contents === undefined ? {} : { [name]: contents })

    await expect(readConfigFile(fixture.root, name)).rejects.toMatchObject({ code })
  })

  test('shows the place of a syntax error', async () => {
    await using fixture = await createFixture({ 'somon.config.json': '{\n  "a": x\n}' })

    await expect(readConfigFile(fixture.root)).rejects.toMatchObject({
      location: { file: 'somon.config.json', line: 2, column: 8 },
      frame: expect.stringContaining('> 2 |   "a": x'),
    })
  })

  test('reads a file that begins with a byte order mark', async () => {
    await using fixture = await createFixture({ 'somon.config.json': '\uFEFF{}' })

    expect((await readConfigFile(fixture.root))?.values).toEqual({})
  })
})
