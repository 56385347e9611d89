import { execFileSync } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { createFixture, type Fixture } from '../support/fixture.ts'

const index = pathToFileURL(join(import.meta.dirname, '../../dist/index.js')).href
const FILES = {
  'package.json': '{ "name": "app" }',
  'src/main.ts': "import { part } from './part.ts'\nexport const main = () => part + 1\n",
  'src/part.ts': 'export const part: number = 41\n',
}

interface Start {
  readonly value: number
  /** What V8 made of the code cache. */
  readonly codeCache: string
  readonly builds: number
  /** The node_modules folders, and those in them, that were listed. */
  readonly listed: readonly string[]
  /** The modules of Node that importing somon and loading an entry has loaded. */
  readonly modules: readonly string[]
}

/** Loads an entry in a process of its own, which then does what `after` says and ends. */
function start(
  { root }: Fixture,
  parts: { before?: string; after?: string; sourceMaps?: 'eager' | 'lazy' } = {},
): Start {
  const program = `
    // Importing it would read all its exports, and load what stands behind them.
    const fs = process.getBuiltinModule('node:fs')
    const { existsSync, readdirSync, readFileSync, writeSync } = fs
    const listed = []
    fs.readdirSync = (folder, ...more) => {
      if (folder.includes('node_modules')) listed.push(folder)
      return readdirSync(folder, ...more)
    }
    const known = new Set(process.moduleLoadList)
    ${parts.before ?? ''}
    const { ModuleSystem } = await import(${JSON.stringify(index)})
    const loading = { sourceMaps: ${JSON.stringify(parts.sourceMaps ?? 'lazy')} }
    const system = new ModuleSystem({ root: ${JSON.stringify(root)}, loading })
    let codeCache
    system.on('evaluate.finished', (event) => void (codeCache = event.codeCache))
    const { exports } = await system.load('./src/main.ts')
    const modules = process.moduleLoadList.filter((name) => !known.has(name))
    const value = exports.main()
    const { builds } = system.stats().bundler
    ${parts.after ?? ''}
    await system.shutdown()
    writeSync(1, JSON.stringify({ value, codeCache, builds, listed, modules }))`
  const env = { ...process.env, SOMON_CACHE_DIR: join(root, 'cache') }
  const args = ['--input-type=module', '-e', program]
  return JSON.parse(execFileSync(process.execPath, args, { env }).toString()) as Start
}

/** Lives until the record of the entry, which is kept twice, lets a start trust its two files. */
const UNTIL_TRUSTED = `
  const keys = process.env.SOMON_CACHE_DIR + '/v2/keys'
  const rows = () => !existsSync(keys) ? [] : readdirSync(keys, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => readFileSync(entry.parentPath + '/' + entry.name, 'latin1').split('"seenAt"'))
  while (rows().length < 5) await new Promise((resolve) => setTimeout(resolve, 20))`

/** Behind each of them are others, named `internal/…`. */
const HEAVY =
  /^NativeModule (crypto|v8|perf_hooks|zlib|stream|child_process|worker_threads|net|timers\/promises|fs\/promises|internal\/crypto|internal\/streams|internal\/perf|internal\/fs\/promises)/

describe('a start from a disk cache that was seen whole', () => {
  test.runIf(process.platform === 'linux').each(['lazy', 'eager'] as const)(
    'loads no heavy module of Node, and runs what the build did, with %s maps',
    async (sourceMaps) => {
      await using fixture = await createFixture(FILES)
      const first = start(fixture, { sourceMaps, after: UNTIL_TRUSTED })

      const second = start(fixture, { sourceMaps })

      // A change in a folder above, which other tests make, has it built again.
      expect(first).toMatchObject({ value: 42, codeCache: 'none' })
      expect(first.builds).toBeGreaterThan(0)
      expect(second).toMatchObject({ value: 42, builds: 0, codeCache: 'used' })
      expect(second.modules).toContain('NativeModule vm')
      expect(second.modules.filter((name) => HEAVY.test(name))).toEqual([])
    },
  )

  test('hashes after a short life of the process before, and no more after that', async () => {
    await using fixture = await createFixture(FILES)
    start(fixture)
    await untilOld(fixture)

    const [second, third] = [start(fixture), start(fixture)]

    const loadsCrypto = [second, third].map(({ modules }) =>
      modules.includes('NativeModule crypto'),
    )
    expect([second, third].map(({ value, builds }) => [value, builds])).toEqual([
      [42, 0],
      [42, 0],
    ])
    expect(loadsCrypto).toEqual([true, process.platform !== 'linux'])
  })
})

describe('the packages of a project', () => {
  test.runIf(process.platform === 'linux')(
    'are listed again by a start only where something has come or gone',
    async () => {
      await using fixture = await createFixture({ ...FILES, 'node_modules/@s/part/index.js': '' })
      start(fixture)
      await untilOld(fixture)

      const starts = [start(fixture), start(fixture)]
      await fixture.write('node_modules/@s/other/index.js', '')
      const last = start(fixture)

      const modules = fixture.path('node_modules')
      expect(starts[0]?.listed).toEqual(expect.arrayContaining([modules, `${modules}/@s`]))
      expect(starts[1]?.listed).toEqual([])
      expect(last.listed).toEqual([`${modules}/@s`])
      expect([...starts, last].map(({ value, builds }) => [value, builds])).toEqual([
        [42, 0],
        [42, 0],
        [42, 0],
      ])
    },
  )
})

describe('a code cache of a V8 with other flags', () => {
  test('is rejected by V8 and made anew, and the code is right', async () => {
    await using fixture = await createFixture(FILES)
    const before = "process.getBuiltinModule('node:v8').setFlagsFromString('--no-lazy')"
    start(fixture)

    const starts = [
      start(fixture),
      start(fixture, { before }),
      start(fixture, { before }),
      start(fixture),
    ]

    expect(starts.map(({ codeCache }) => codeCache)).toEqual([
      'used',
      'rejected',
      'used',
      'rejected',
    ])
    expect(starts.map(({ value, builds }) => [value, builds])).toEqual(starts.map(() => [42, 0]))
    const names = await readdir(fixture.path('cache/v2/code'), { recursive: true })
    expect(names.filter((name) => name.includes(process.versions.v8))).toHaveLength(1)
  })
})

/** Until no file of the cache is young any more. */
async function untilOld(fixture: Fixture): Promise<void> {
  const { ctimeMs } = await stat(fixture.path('cache/v2/usage'))
  while (Date.now() < ctimeMs + 150) await new Promise(setImmediate)
}
