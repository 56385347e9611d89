import { execFileSync } from 'node:child_process'
import { chmodSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { findEsbuildBinary } from '../../src/bundle/esbuild-binary.ts'
import { collectorVariables, runNativeBuild } from '../../src/bundle/native-build.ts'
import type { BundleOptions } from '../../src/bundle/output.ts'
import { completeOutputBuild, OUTPUT_DEFAULTS } from '../../src/bundle/output-build.ts'
import { readMetafile } from '../../src/bundle/read-metafile.ts'
import { createFixture } from '../support/fixture.ts'

const SOURCES = {
  'package.json': '{"name":"app","type":"module"}',
  'src/a.ts':
    "import { shared } from './shared.ts'\nimport text from './note.dat'\nimport 'dep'\nimport 'other'\nexport const a = [shared, text, MODE, globalThis.y ?? 1]\n",
  'src/b.ts': "import { shared } from './shared.ts'\nexport const b: number = shared\n",
  'src/shared.ts': 'export const shared = 1\n',
  'src/note.dat': 'hello',
  'tsconfig.alt.json': '{"compilerOptions":{"paths":{"dep":["./src/shared.ts"]}}}',
  'node_modules/dep/package.json':
    '{"name":"dep","exports":{"special":"./s.js","default":"./d.js"}}',
  'node_modules/dep/s.js': 'console.log("special")',
  'node_modules/dep/d.js': 'console.log("default")',
  'node_modules/other/package.json': '{"name":"other","main":"index.js","browser":"web.js"}',
  'node_modules/other/web.js': 'exports.web = 1',
  'node_modules/other/index.js': 'exports.other = 1',
}

const COMMON: BundleOptions = { loader: { '.dat': 'text' }, define: { MODE: '"x"' } }

/** Each flag of `somon bundle` that esbuild has, with esbuild's own spelling. */
const CASES: readonly [name: string, options: BundleOptions, flags: readonly string[]][] = [
  ['defaults', {}, []],
  ['format', { format: 'cjs' }, ['--format=cjs']],
  ['platform', { platform: 'browser' }, ['--platform=browser']],
  ['target', { target: 'es2018' }, ['--target=es2018']],
  ['minify', { minify: true }, ['--minify']],
  ['splitting', { splitting: true }, ['--splitting']],
  ['sourcemap', { sourcemap: true }, ['--sourcemap']],
  ['sourcemap=inline', { sourcemap: 'inline' }, ['--sourcemap=inline']],
  ['packages', { packages: 'external' }, ['--packages=external']],
  ['external', { external: ['dep'] }, ['--external:dep']],
  ['alias', { alias: { dep: 'other' } }, ['--alias:dep=other']],
  ['conditions', { conditions: ['special'] }, ['--conditions=special']],
  ['tsconfig', { tsconfig: 'tsconfig.alt.json' }, ['--tsconfig=tsconfig.alt.json']],
]

describe('collectorVariables()', () => {
  test('limits memory to 1 GiB, and to half of what there is', () => {
    expect(collectorVariables({}, 2 ** 40)).toEqual({ GOGC: 'off', GOMEMLIMIT: `${2 ** 30}B` })
    expect(collectorVariables({}, 2 ** 29 + 1)).toEqual({ GOGC: 'off', GOMEMLIMIT: `${2 ** 28}B` })
  })

  test('leaves the collector to who sets GOGC', () => {
    expect(collectorVariables({ GOGC: 'off' })).toEqual({})
  })
})

describe('runNativeBuild()', () => {
  test.each(CASES)('writes what esbuild writes: %s', async (_name, options, flags) => {
    await using fixture = await createFixture(SOURCES)
    const entries = ['./src/a.ts', './src/b.ts']

    runNativeBuild(
      binary(),
      completeOutputBuild(
        fixture.root,
        entries,
        { ...COMMON, ...options, outdir: 'ours' },
        OUTPUT_DEFAULTS,
      ),
      process.env,
    )

    const usual = ['--bundle', '--format=esm', '--platform=node', '--target=node24']
    const common = ['--loader:.dat=text', '--define:MODE="x"', '--outdir=theirs']
    execFileSync(binary().path, [...entries, ...usual, ...common, ...flags], {
      cwd: fixture.root,
      stdio: 'ignore',
    })
    expect(contents(fixture.path('ours'))).toEqual(contents(fixture.path('theirs')))
    expect(Object.keys(contents(fixture.path('ours'))).length).toBeGreaterThan(1)
  })

  test('changes the output with every flag', async () => {
    await using fixture = await createFixture(SOURCES)
    const seen = new Map<string, string>()

    for (const [name, options] of CASES) {
      const all = { ...COMMON, ...options, outdir: `out-${name}` }
      const build = completeOutputBuild(
        fixture.root,
        ['./src/a.ts', './src/b.ts'],
        all,
        OUTPUT_DEFAULTS,
      )
      runNativeBuild(binary(), build, process.env)
      seen.set(JSON.stringify(contents(fixture.path(`out-${name}`))), name)
    }

    expect([...seen.values()]).toEqual(CASES.map(([name]) => name))
  })

  test('reports every error with its frame', async () => {
    await using fixture = await createFixture({ 'a.ts': "import './x'\nimport './y'\n" })
    const build = completeOutputBuild(fixture.root, ['./a.ts'], { outdir: 'out' }, OUTPUT_DEFAULTS)

    const act = (): unknown => runNativeBuild(binary(), build, process.env)

    expect(act).toThrow(
      expect.objectContaining({
        code: 'SOMON_BUNDLE_FAILED',
        location: { file: 'a.ts', line: 1, column: 8, length: 5 },
        errors: [
          expect.anything(),
          expect.objectContaining({ frame: expect.stringContaining('./y') }),
        ],
      }),
    )
  })

  test.runIf(process.platform !== 'win32')('starts a program with a memory limit', async () => {
    await using fixture = await createFixture({
      'a.ts': '',
      esbuild: '#!/bin/sh\necho "$GOGC $GOMEMLIMIT" >seen.txt\nexit 1\n',
    })
    chmodSync(fixture.path('esbuild'), 0o755)
    const program = { path: fixture.path('esbuild'), version: '0.0.0' }
    const build = completeOutputBuild(fixture.root, ['./a.ts'], { outdir: 'out' }, OUTPUT_DEFAULTS)
    const seen = (environment: Record<string, string>): string => {
      expect(() => runNativeBuild(program, build, environment)).toThrow('Cannot bundle')
      return readFileSync(fixture.path('seen.txt'), 'utf8').trim()
    }

    expect(seen({})).toMatch(/^off [1-9]\d{7,}B$/)
    expect(seen({ GOGC: '77' })).toBe('77')
    expect(seen({ GOMEMLIMIT: '64MiB' })).toBe('off 64MiB')
  })

  test('says for each input how much of it is in the outputs', async () => {
    await using fixture = await createFixture(SOURCES)
    const options = { ...COMMON, outdir: 'out' }
    const build = completeOutputBuild(
      fixture.root,
      ['./src/a.ts', './src/b.ts'],
      options,
      OUTPUT_DEFAULTS,
    )

    const metafile = readMetafile(runNativeBuild(binary(), build, process.env).report)

    const shares = Object.values(metafile.outputs).map(
      ({ inputs }) => inputs['src/shared.ts']?.bytesInOutput ?? 0,
    )
    expect(metafile.inputs['src/shared.ts']?.bytesInOutput).toBe(
      shares.reduce((sum, bytes) => sum + bytes, 0),
    )
    expect(metafile.inputs['src/a.ts']?.imports).toContainEqual(
      expect.objectContaining({ path: 'src/shared.ts', external: false, original: './shared.ts' }),
    )
  })
})

function binary(): NonNullable<ReturnType<typeof findEsbuildBinary>> {
  const found = findEsbuildBinary()
  if (found === undefined) throw new Error('esbuild has no program for this machine')
  return found
}

function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
  return Object.fromEntries(
    names.toSorted().map((file) => [file.slice(folder.length), readFileSync(file, 'utf8')]),
  )
}
