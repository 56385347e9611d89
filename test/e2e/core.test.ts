import { execFileSync } from 'node:child_process'
import { cp, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { createFixture } from '../support/fixture.ts'

const dist = join(import.meta.dirname, '..', '..', 'dist')

/** Runs a program with the public entry of a built package as `somon`; returns what it prints. */
function printed(folder: string, program: string): unknown {
  const url = pathToFileURL(join(folder, 'index.js')).href
  const text = `
    const before = new Set(process.moduleLoadList)
    const somon = await import(${JSON.stringify(url)})
    const boot = await import(${JSON.stringify(pathToFileURL(join(folder, 'boot.js')).href)})
    const print = (value) => process.stdout.write(JSON.stringify(value))
    ${program}`
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', text])
  return JSON.parse(output.toString('utf8'))
}

const REJECTED = "print(boot.scripts.get('core').cachedDataRejected ?? 'none')"
const CONSTRUCTS = "print(new somon.ModuleSystem({ root: '.' }).stats().modules.live)"

describe('the core of the built package', () => {
  test('takes the V8 code cache that lies beside it', () => {
    expect(printed(dist, REJECTED)).toBe(false)
  })

  test('loads no module of Node that Node itself has not loaded, but four', () => {
    const loaded = printed(
      dist,
      `print(process.moduleLoadList.filter((name) =>
        name.startsWith('NativeModule ') && !before.has(name)))`,
    )

    const known = new Set([
      'NativeModule vm',
      'NativeModule module',
      'NativeModule internal/source_map/source_map',
      'NativeModule internal/modules/esm/initialize_import_meta',
    ])
    expect((loaded as string[]).filter((name) => !known.has(name))).toEqual([])
  })

  test.for([
    ['is missing', 'none', (file: string) => rm(file)],
    ['is damaged', true, (file: string) => writeFile(file, 'not a code cache')],
  ] as const)('runs when its code cache %s', async ([, rejected, harm]) => {
    await using fixture = await createFixture({ 'package.json': '{ "type": "module" }' })
    const copy = fixture.path('dist')
    await cp(dist, copy, { recursive: true })
    const caches = (await readdir(join(copy, 'chunks'))).filter((name) => name.endsWith('.cache'))
    for (const name of caches) await harm(join(copy, 'chunks', name))

    expect(caches).not.toEqual([])
    expect(printed(copy, REJECTED)).toBe(rejected)
    expect(printed(copy, CONSTRUCTS)).toBe(0)
  })

  test('takes the V8 code cache of the script for builds, too', async () => {
    await using fixture = await createFixture({ 'package.json': '{}', 'a.ts': 'export default 1' })

    const seen = printed(
      dist,
      `await using system = new somon.ModuleSystem({ root: ${JSON.stringify(fixture.root)} })
      await system.load('./a.ts')
      print([...boot.scripts].map(([name, script]) => [name, script.cachedDataRejected]))`,
    )

    expect(seen).toEqual([
      ['core', false],
      ['build', false],
    ])
  })

  test('shows users nothing of how it is loaded', () => {
    expect(printed(dist, 'print(Object.keys(somon))')).toEqual([
      'ModuleSystem',
      'SomonError',
      'VERSION',
      'defineConfig',
      'isSomonError',
    ])
  })

  test('is one for the library, plugins and chunks', () => {
    const plugin = pathToFileURL(join(dist, 'plugin.js')).href

    const isSame = printed(
      dist,
      `const { SomonError } = await import(${JSON.stringify(plugin)})
      print(SomonError === somon.SomonError)`,
    )

    expect(isSame).toBe(true)
  })
})
