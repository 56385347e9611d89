import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { createFixture, type Fixture } from '../support/fixture.ts'
import { runCli, type CliRun } from '../support/run-cli.ts'

const FILES = {
  'package.json': '{"name":"app","type":"module"}',
  'node_modules/dep/package.json': '{"name":"dep","main":"index.js"}',
  'node_modules/dep/index.js': 'exports.dep = "from dep"',
  'src/main.ts':
    "import { dep } from 'dep'\nexport const url = import.meta.url\nconsole.log(dep, url)\n",
}

describe('somon bundle', () => {
  test('writes to dist by default and says what it wrote', async () => {
    await using fixture = await createFixture(FILES)

    const run = await runCli(['bundle', 'src/main.ts'], { cwd: fixture.root })

    expect(run).toMatchObject({ code: 0, stdout: '' })
    expect(run.stderr).toMatch(/^dist\/main\.js {2}[\d.]+ \w+\nbundled in /)
    expect(text(fixture, 'dist/main.js')).toContain('from dep')
  })

  // `loading.allowedSources` was not looked at: esbuild's program resolves by itself. A build with
  // such a policy goes through the resolver, and is never answered by one that had none.
  test('refuses packages that loading.allowedSources keeps out, also after a build', async () => {
    await using fixture = await createFixture(FILES)
    await bundle(fixture)
    await fixture.remove('dist')
    const allowing = (names: string): Promise<CliRun> =>
      runCli(['bundle', 'src/main.ts', '--json'], {
        cwd: fixture.root,
        env: { SOMON_LOADING_ALLOWED_SOURCES: names },
      })

    const refused = await allowing('@acme/*')
    const written = existsSync(fixture.path('dist'))
    const allowed = await allowing('dep')

    expect(refused.json().error?.code).toBe('SOMON_RESOLVE_SOURCE_DENIED')
    expect(written).toBe(false)
    expect(allowed.code).toBe(0)
    expect(text(fixture, 'dist/main.js')).toContain('from dep')
  })

  // All of these were told to correct "the source at the place shown".
  test.each([
    [['src/mian.ts'], 1, 'SOMON_RESOLVE_NOT_FOUND', 'Write "src/main.ts"'],
    [['src'], 1, 'SOMON_RESOLVE_NOT_FOUND', 'Name a file in the folder'],
    [['src/main.ts', 'src/b.ts', '--outfile=x.js'], 2, 'SOMON_CLI_FLAG_CONFLICT', 'Use --outdir'],
    [['src/main.ts', '--define', 'a=b-c'], 2, 'SOMON_BUNDLE_OPTION_INVALID', 'Write a dotted'],
    [['src/main.ts', '--define', 'a-b=1'], 2, 'SOMON_BUNDLE_OPTION_INVALID', 'Write a dotted'],
    [['src/main.ts', '--target=foo'], 2, 'SOMON_BUNDLE_OPTION_INVALID', 'such as node24'],
    [['src/main.ts', '--loader=.x=foo'], 2, 'SOMON_BUNDLE_OPTION_INVALID', 'valid values are'],
    [['src/main.ts', '--tsconfig=no.json'], 2, 'SOMON_BUNDLE_OPTION_INVALID', 'that exists'],
    [['src/main.ts', '-o', 'package.json'], 2, 'SOMON_CLI_BAD_VALUE', 'Give --outdir a folder'],
    [['src/main.ts', '--outfile', 'src'], 2, 'SOMON_CLI_BAD_VALUE', 'Give --outfile a file'],
    [['src/main.ts', '--root=nope'], 2, 'SOMON_SYSTEM_ROOT_MISSING', 'Set root to the folder'],
    [['src/main.ts', '--outfile=src/main.ts'], 1, 'SOMON_BUNDLE_FAILED', 'holds no source'],
  ])('%j ends with %i, %s and a fix of its own', async (argv, code, error, said) => {
    await using fixture = await createFixture(FILES)

    const run = await runCli(['bundle', ...argv], { cwd: fixture.root })

    expect(run.code).toBe(code)
    expect(run.stderr).toContain(error)
    expect(run.stderr).toContain(said)
    expect(run.stderr).not.toContain('place shown')
  })

  test('names every entry that is missing', async () => {
    await using fixture = await createFixture(FILES)

    const run = await runCli(['bundle', 'no.ts', 'none.ts', '--json'], { cwd: fixture.root })

    const { code, errors } = run.json().error as unknown as {
      code: string
      errors: { data: { specifier: string } }[]
    }
    expect(code).toBe('SOMON_RESOLVE_NOT_FOUND')
    // esbuild looks for entries side by side.
    expect(errors.map(({ data }) => data.specifier).toSorted()).toEqual(['no.ts', 'none.ts'])
  })

  test.each([
    ['src/mian.ts', [], 'SOMON_RESOLVE_NOT_FOUND'],
    ['src/main.ts', ['--target=foo'], 'SOMON_BUNDLE_OPTION_INVALID'],
    ['src/main.ts', ['--define=a=b-c'], 'SOMON_BUNDLE_OPTION_INVALID'],
  ])("tells of %s %j as %s through esbuild's service too", async (entry, flags, code) => {
    await using fixture = await createFixture(FILES)
    const argv = ['bundle', entry, '--import-meta=source', '--json', ...flags]

    const run = await runCli(argv, { cwd: fixture.root })

    expect(run.json().error?.code).toBe(code)
  })

  test('refuses undeclared imports with loading.externalPolicy', async () => {
    await using fixture = await createFixture(FILES)

    const run = await runCli(['bundle', 'src/main.ts', '--packages=external', '--json'], {
      cwd: fixture.root,
      env: { SOMON_LOADING_EXTERNAL_POLICY: 'declared' },
    })

    expect(run.json().error?.code).toBe('SOMON_RESOLVE_SOURCE_DENIED')
  })

  test('prints one JSON document of a stable shape with --json', async () => {
    await using fixture = await createFixture(FILES)

    const run = await bundle(fixture, '--json')

    expect(run.stderr).toBe('')
    expect(run.json()).toEqual({
      ok: true,
      command: 'bundle',
      result: {
        outputs: [
          {
            path: 'dist/main.js',
            bytes: expect.any(Number),
            sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
            entry: 'src/main.ts',
          },
        ],
        reports: [],
        warnings: [],
        cached: false,
        durationMs: expect.any(Number),
      },
    })
  })

  test('answers an unchanged repeat from the cache and puts lost outputs back', async () => {
    await using fixture = await createFixture(FILES)
    await bundle(fixture)
    const before = text(fixture, 'dist/main.js')
    await fixture.remove('dist')

    const run = await bundle(fixture, '--json')

    expect(run.json().result).toMatchObject({ cached: true })
    expect(text(fixture, 'dist/main.js')).toBe(before)
  })

  test('puts back an output that was changed', async () => {
    await using fixture = await createFixture(FILES)
    await bundle(fixture)
    const before = text(fixture, 'dist/main.js')
    await fixture.write('dist/main.js', before.replace('from dep', 'tampered'))

    const run = await bundle(fixture, '--json')

    expect(run.json().result).toMatchObject({ cached: true })
    expect(text(fixture, 'dist/main.js')).toBe(before)
  })

  test('builds again with --no-cache, and leaves nothing in the cache', async () => {
    await using fixture = await createFixture(FILES)

    await bundle(fixture, '--no-cache')
    const run = await bundle(fixture, '--no-cache', '--json')

    expect(run.json().result).toMatchObject({ cached: false })
    expect(existsSync(fixture.path('node_modules/.cache'))).toBe(false)
  })

  test('deletes what else the output folder holds with --clean, after a success only', async () => {
    await using fixture = await createFixture({ ...FILES, 'dist/old/stale.js': '1' })
    await fixture.write('bad.ts', 'let 1')
    const failed = await runCli(['bundle', 'bad.ts', '--clean'], { cwd: fixture.root })
    const kept = existsSync(fixture.path('dist/old/stale.js'))

    const run = await bundle(fixture, '--clean')

    expect([failed.code, kept, run.code]).toEqual([1, true, 0])
    expect(existsSync(fixture.path('dist/old'))).toBe(false)
    expect(existsSync(fixture.path('dist/main.js'))).toBe(true)
  })

  test('writes the import graph with --metafile and the page with --analyze', async () => {
    await using fixture = await createFixture(FILES)

    const run = await bundle(fixture, '--metafile', '--analyze=report.html', '--json')

    expect(run.json().result).toMatchObject({ reports: ['dist/metafile.json', 'report.html'] })
    const metafile: unknown = JSON.parse(text(fixture, 'dist/metafile.json'))
    expect(metafile).toMatchObject({
      inputs: { 'src/main.ts': { imports: [{ original: 'dep' }] } },
    })
    expect(text(fixture, 'report.html')).toContain('<h1>src/main.ts</h1>')
  })

  test('gives each source its own import.meta with --import-meta=source', async () => {
    await using fixture = await createFixture(FILES)
    await bundle(fixture, '--import-meta=source', '--outdir=out/deep')

    const loaded = (await import(fixture.path('out/deep/main.js'))) as { url: string }

    expect(loaded.url).toBe(`file://${fixture.path('src/main.ts')}`)
  })

  test('bundles the packages of --inline although packages stay outside', async () => {
    await using fixture = await createFixture(FILES)

    await bundle(fixture, '--packages=external', '--outdir=a')
    await bundle(fixture, '--packages=external', '--inline=dep', '--outdir=b')

    expect(text(fixture, 'a/main.js')).not.toContain('from dep')
    expect(text(fixture, 'b/main.js')).toContain('from dep')
  })

  test('takes defaults from the configuration, and flags over them', async () => {
    const config = '[bundle]\noutdir = "build"\nminify = true\n'
    await using fixture = await createFixture({ ...FILES, 'somon.toml': config })

    await bundle(fixture)
    await bundle(fixture, '--no-minify', '--outdir=plain')

    expect(text(fixture, 'build/main.js')).not.toContain('\nexport')
    expect(text(fixture, 'plain/main.js')).toContain('\nexport')
  })

  test('runs the plugins of the configuration', async () => {
    const config = `export default { plugins: [{ name: 'upper', cacheKey: '1',
      transform: (code, id) => id.endsWith('index.js') ? code.replace('from dep', 'FROM PLUGIN') : null }] }`
    await using fixture = await createFixture({ ...FILES, 'somon.config.mjs': config })

    const run = await bundle(fixture)

    expect(run).toMatchObject({ code: 0 })
    expect(text(fixture, 'dist/main.js')).toContain('FROM PLUGIN')
  })

  test('ends with 1 and shows the place when a source is wrong', async () => {
    await using fixture = await createFixture({ ...FILES, 'src/bad.ts': 'const x = ;\n' })

    const run = await runCli(['bundle', 'src/bad.ts'], { cwd: fixture.root })

    expect(run).toMatchObject({ code: 1, stdout: '' })
    expect(run.stderr).toContain('SOMON_BUNDLE_FAILED')
    expect(run.stderr).toContain('src/bad.ts:1:11')
    expect(run.stderr).toContain('> 1 | const x = ;')
    expect(run.stderr).toContain('fix:')
  })

  // esbuild says only that it could not resolve the name.
  test.each([
    ["esbuild's program", {}],
    [
      'a plugin',
      { 'somon.config.mjs': "export default { plugins: [{ name: 'idle', load: () => null }] }" },
    ],
  ])('tells what tsconfig.json maps a name to, with %s', async (_with, more) => {
    await using fixture = await createFixture({
      ...more,
      'package.json': '{}',
      'tsconfig.json': '{"compilerOptions":{"paths":{"@lib/*":["./src/lib/*"]}}}',
      'src/lib/price.ts': 'export const price = 1',
      'src/main.ts': "import { price } from '@lib/prce.ts'\nconsole.log(price)\n",
    })

    const run = await runCli(['bundle', 'src/main.ts', '--json'], { cwd: fixture.root })

    expect(run.json().error).toMatchObject({
      code: 'SOMON_BUNDLE_FAILED',
      message:
        'Cannot bundle "./src/main.ts": could not resolve "@lib/prce.ts": tsconfig.json maps ' +
        '"@lib/*" to src/lib/prce.ts, where there is no file',
      fix: 'Write "@lib/price.ts" if that is what you mean',
      location: { file: 'src/main.ts', line: 1, column: 23 },
    })
  })

  test('says less with a higher --log-level', async () => {
    await using fixture = await createFixture({ 'a.js': 'if (x == -0) {}\n' })
    const stderr = async (level: string): Promise<string> => {
      const argv = ['bundle', 'a.js', '--no-cache', `--log-level=${level}`]
      return (await runCli(argv, { cwd: fixture.root })).stderr
    }

    const [info, warn, error] = [await stderr('info'), await stderr('warn'), await stderr('error')]

    expect(info).toMatch(/warning a\.js:1:10: Comparison with -0[\s\S]*bundled in/)
    expect(warn).toMatch(/warning a\.js:1:10: Comparison/)
    expect(warn).not.toMatch(/bundled in/)
    expect(error).toBe('')
  })

  test('colours when told to, and not when told not to', async () => {
    await using fixture = await createFixture({ 'bad.js': 'let 1' })
    const stderr = async (flags: string[], env: Record<string, string>): Promise<string> =>
      (await runCli(['bundle', 'bad.js', ...flags], { cwd: fixture.root, env })).stderr
    const escape = '\u001b['

    expect(await stderr([], {})).not.toContain(escape)
    expect(await stderr([], { FORCE_COLOR: '1' })).toContain(escape)
    expect(await stderr(['--no-color'], { FORCE_COLOR: '1' })).not.toContain(escape)
    expect(await stderr([], { NO_COLOR: '1' })).not.toContain(escape)
    expect(await stderr(['--color'], {})).toContain(escape)
  })

  test('leaves no handle open: no server, socket, timer or worker', async () => {
    await using fixture = await createFixture(FILES)
    const probe = await fixture.write(
      'probe.mjs',
      `process.on('exit', () => process.stdout.write(JSON.stringify(process.getActiveResourcesInfo())))
       const { createHook } = process.getBuiltinModule('node:async_hooks')
       const seen = new Set()
       createHook({ init(id, type) { seen.add(type) } }).enable()
       process.on('exit', () => process.stdout.write('\\n' + JSON.stringify([...seen])))`,
    )

    const run = await runCli(['bundle', 'src/main.ts'], {
      cwd: fixture.root,
      nodeFlags: ['--import', probe],
    })

    const [active = '', seen = ''] = run.stdout.split('\n')
    const kinds = JSON.parse(seen) as string[]
    const own = (JSON.parse(active) as string[]).filter((kind) => kind !== 'PipeWrap') // stdio
    expect(own).toEqual([])
    expect(
      kinds.filter((kind) => /TCP|UDP|SERVER|Timeout|WORKER|MESSAGEPORT|Immediate/.test(kind)),
    ).toEqual([])
  })
})

function bundle(fixture: Fixture, ...flags: string[]): Promise<CliRun> {
  return runCli(['bundle', 'src/main.ts', ...flags], { cwd: fixture.root })
}

function text(fixture: Fixture, file: string): string {
  return readFileSync(fixture.path(file), 'utf8')
}
