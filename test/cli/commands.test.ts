import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/command-table.ts'
import { completionScript } from '../../src/cli/completion-script.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'
import { runCli, type CliOptions, type CliRun } from '../support/run-cli.ts'

const FILES = {
  'package.json': '{"name":"app","type":"module"}',
  'src/main.ts':
    "import { part } from './part.ts'\nconsole.log(part, process.argv.slice(2).join())\n",
  'src/part.ts': "export const part: string = process.env.PART ?? 'part'\n",
}

describe('somon run', () => {
  test('runs the program with its arguments', async () => {
    await using fixture = await createFixture(FILES)

    const run = await cli(fixture, 'run', 'src/main.ts', '--', '-a', 'b')

    expect(run).toMatchObject({ code: 0, stdout: 'part -a,b\n', stderr: '' })
  })

  test('passes the exit code of the program on', async () => {
    await using fixture = await createFixture({ 'main.ts': 'process.exitCode = 7' })

    expect((await cli(fixture, 'run', 'main.ts')).code).toBe(7)
  })

  test('ends with 1 and a frame of the source when the program throws', async () => {
    await using fixture = await createFixture({ 'main.ts': "\nthrow new RangeError('too far')\n" })

    const run = await cli(fixture, 'run', 'main.ts')

    expect(run).toMatchObject({ code: 1, stdout: '' })
    expect(run.stderr).toContain('too far')
    expect(run.stderr).toContain('main.ts:2')
  })

  // A timer of the program kept the process alive after its start had failed.
  test('ends with 1 at once when a program with a timer throws', async () => {
    const program = "setInterval(() => {}, 1000)\nthrow new Error('x')\n"
    await using fixture = await createFixture({ 'main.ts': program })

    const run = await cliUntil(fixture, ['run', 'main.ts'], () => {})

    expect(run).toMatchObject({ code: 1, signal: null, stdout: '' })
    expect(run.stderr).toContain('SOMON_EVALUATE_FAILED')
  })

  test('ends with 1 when the evaluation of a program with a timer takes too long', async () => {
    const program = 'setInterval(() => {}, 1000)\nawait new Promise(() => {})\n'
    await using fixture = await createFixture({
      'main.ts': program,
      'somon.toml': '[loading]\nevaluateTimeoutMs = 50\n',
    })

    const run = await cliUntil(fixture, ['run', 'main.ts', '--json'], () => {})

    expect(run).toMatchObject({ code: 1, signal: null, stderr: '' })
    expect(run.json().error?.code).toBe('SOMON_EVALUATE_TIMEOUT')
  })

  test('leaves a program running that started', async () => {
    const program = "setTimeout(() => console.log('later'), 50)\n"
    await using fixture = await createFixture({ 'main.ts': program })

    const run = await cli(fixture, 'run', 'main.ts')

    expect(run).toMatchObject({ code: 0, stdout: 'later\n' })
  })

  // It was taken for a package that is not installed, and a file beside it was suggested.
  test('says of a folder that it is one', async () => {
    await using fixture = await createFixture({ ...FILES, 'srcs.ts': '', 'src/b.ts': '' })

    const run = await cli(fixture, 'run', 'src')

    expect(run.code).toBe(1)
    expect(run.stderr).toContain('it is a folder without an index file')
    expect(run.stderr).toContain('fix: Name a file in the folder, or give it an index file')
  })

  test('sets the variables of --env-file', async () => {
    await using fixture = await createFixture({ ...FILES, 'my.env': 'PART=from-file\n' })

    const run = await cli(fixture, 'run', 'src/main.ts', '--env-file=my.env')

    expect(run.stdout).toBe('from-file \n')
  })

  test('opens the debugger with --inspect', async () => {
    const program = "console.log((await import('node:inspector')).url())"
    await using fixture = await createFixture({ 'main.ts': program })

    const run = await cli(fixture, 'run', 'main.ts', '--inspect=127.0.0.1:0')

    expect(run.stdout).toMatch(/^ws:\/\/127\.0\.0\.1:\d+\//)
  })

  test('reloads with --watch, keeps the old code when --verify refuses, ends with 130', async () => {
    await using fixture = await createFixture({
      'main.ts': "console.log('one')\nexport const check = () => true\n",
    })
    const seen: string[] = []

    const run = await cliUntil(
      fixture,
      ['run', 'main.ts', '--watch', '--verify=check'],
      (text, kill) => {
        const step = seen.length
        if (step === 0 && text.includes('watching')) {
          seen.push('started')
          void fixture.write('main.ts', "console.log('two')\nexport const check = () => false\n")
        } else if (step === 1 && /failed main\.ts/.test(text)) {
          seen.push('refused')
          void fixture.write('main.ts', "console.log('three')\nexport const check = () => true\n")
        } else if (step === 2 && /(?:reloaded|healed) main\.ts/.test(text)) {
          seen.push('reloaded')
          kill('SIGINT')
        }
      },
    )

    expect(seen).toEqual(['started', 'refused', 'reloaded'])
    expect(run.code).toBe(130)
    expect(run.stderr).toContain('SOMON_CLI_VERIFY_REFUSED')
  })

  // The setting had no effect here: only the flag was looked at.
  test('reloads with loading.watch in the configuration', async () => {
    await using fixture = await createFixture({
      'main.ts': "console.log('one')\n",
      'somon.toml': '[loading]\nwatch = true\n',
    })
    let edited = false

    const run = await cliUntil(fixture, ['run', 'main.ts'], (text, kill) => {
      if (!edited && text.includes('watching')) {
        edited = true
        void fixture.write('main.ts', "console.log('two')\n")
      } else if (/reloaded main\.ts/.test(text)) kill('SIGINT')
    })

    expect(run).toMatchObject({ code: 130, stdout: 'one\ntwo\n' })
  })
})

describe('somon watch', () => {
  test('rebuilds on change, heals after a failure, runs --exec after each success', async () => {
    await using fixture = await createFixture(FILES)
    const seen: string[] = []
    const argv = ['watch', 'src/main.ts', '--outdir=out', '--json', '--exec', 'echo ran >> ran.txt']

    const run = await cliUntil(fixture, argv, (text, kill) => {
      const events = text.split('\n').filter((line) => line.startsWith('{'))
      if (events.length <= seen.length) return
      seen.push((JSON.parse(events.at(-1) ?? '') as { event: string }).event)
      if (seen.length === 1) void fixture.write('src/part.ts', 'let 1')
      else if (seen.length === 2) void fixture.write('src/part.ts', "export const part = 'new'\n")
      else kill('SIGINT')
    })

    expect(seen).toEqual(['built', 'failed', 'built'])
    expect(run.code).toBe(130)
    expect(readFileSync(fixture.path('out/main.js'), 'utf8')).toContain('"new"')
    expect(readFileSync(fixture.path('ran.txt'), 'utf8')).toContain('ran')
  })
})

describe('somon watch without --outdir', () => {
  // esbuild's program was asked for outputs without a place for them.
  test('builds in memory, runs --exec after each success and tells of its failure', async () => {
    await using fixture = await createFixture(FILES)
    const argv = ['watch', 'src/main.ts', '--exec', 'echo ran >> ran.txt; exit 3']
    let edited = false

    const run = await cliUntil(fixture, argv, (text, kill) => {
      const failures = text.split('ended with 3').length - 1
      if (!edited && failures === 1 && text.includes('watching')) {
        edited = true
        void fixture.write('src/part.ts', "export const part = 'new'\n")
      } else if (failures === 2) kill('SIGINT')
    })

    expect(run.code).toBe(130)
    expect(readFileSync(fixture.path('ran.txt'), 'utf8')).toBe('ran\nran\n')
    expect(run.stderr).toContain('built src/main.ts in memory')
    expect(existsSync(fixture.path('dist'))).toBe(false)
  })

  test('prints a failing --exec command as an event with --json', async () => {
    await using fixture = await createFixture(FILES)
    const argv = ['watch', 'src/main.ts', '--json', '--exec', 'exit 3']

    const run = await cliUntil(fixture, argv, (text, kill) => {
      if (text.includes('exec-failed')) kill('SIGINT')
    })

    const events = run.stdout.split('\n').filter((line) => line.includes('exec-failed'))
    expect(events.map((line) => JSON.parse(line))).toEqual([
      { command: 'watch', event: 'exec-failed', exec: 'exit 3', code: 3, signal: null },
    ])
  })
})

describe('somon graph', () => {
  test('prints what the entry is made of, and why', async () => {
    await using fixture = await createFixture(FILES)

    const tree = await cli(fixture, 'graph', 'src/main.ts')
    const json = await cli(fixture, 'graph', 'src/main.ts', '--json', '--depth=0')
    const why = await cli(fixture, 'graph', 'src/main.ts', '--why=src/part.ts', '--json')

    expect(tree.stdout).toMatch(/^src\/main\.ts .*\n└─ src\/part\.ts .*\n$/)
    expect(json.json().result).toMatchObject({ modules: [{ path: 'src/main.ts' }], cycles: [] })
    expect(why.json().result).toEqual({
      file: 'src/part.ts',
      chain: ['src/main.ts', 'src/part.ts'],
    })
  })

  test('ends with 1 when --cycles finds one', async () => {
    await using fixture = await createFixture({
      'a.ts': "import './b.ts'\n",
      'b.ts': "import './a.ts'\n",
    })

    const run = await cli(fixture, 'graph', 'a.ts', '--cycles')

    expect(run.code).toBe(1)
    expect(run.stdout.trim().split(' → ')).toHaveLength(3)
  })
})

describe('somon explain', () => {
  test('tells how an entry is found and why the cache does not answer', async () => {
    await using fixture = await createFixture(FILES)
    await cli(fixture, 'cache', 'warm', 'src/main.ts')
    await fixture.write('src/part.ts', "export const part = 'changed'\n")

    const run = await cli(fixture, 'explain', 'src/main.ts', '--json')

    expect(run.json().result).toMatchObject({
      entry: 'src/main.ts',
      answeredBy: 'miss',
      because: expect.arrayContaining([expect.objectContaining({ subject: 'src/part.ts' })]),
    })
  })

  test('explains one import with --from', async () => {
    await using fixture = await createFixture(FILES)

    const run = await cli(fixture, 'explain', './part.ts', '--from=src/main.ts')

    expect(run.stdout).toContain(fixture.path('src/part.ts'))
  })
})

describe('somon explain of a name', () => {
  const PROJECT = {
    ...FILES,
    'node_modules/dep/package.json': '{"name":"dep","version":"1.0.0","main":"i.js"}',
    'node_modules/dep/i.js': 'exports.a = 1',
  }

  test('explains it as an import from the project root', async () => {
    await using fixture = await createFixture(PROJECT)

    const run = await cli(fixture, 'explain', 'dep')

    expect(run.code).toBe(0)
    expect(run.stdout).toMatch(/^"dep", imported from the project root\n {2}form: a package name\n/)
    expect(run.stdout).toContain(`answer: external ${fixture.path('node_modules/dep/i.js')}`)
  })

  test('tells a builtin', async () => {
    await using fixture = await createFixture(PROJECT)

    const run = await cli(fixture, 'explain', 'fs', '--json')

    expect(run.json().result).toEqual({
      specifier: 'fs',
      importer: '.',
      resolution: [
        { step: 'form', result: 'a builtin module of Node' },
        { step: 'answer', result: 'builtin node:fs' },
      ],
    })
  })

  test('takes a path without ./ and extension for an entry', async () => {
    await using fixture = await createFixture(PROJECT)

    const run = await cli(fixture, 'explain', 'src/main', '--json')

    expect(run.json().result).toMatchObject({ entry: 'src/main.ts', answeredBy: 'miss' })
  })

  test('takes a package for an entry with --cache', async () => {
    await using fixture = await createFixture(PROJECT)

    const run = await cli(fixture, 'explain', 'dep', '--cache', '--json')

    expect(run.json().result).toMatchObject({ entry: 'node_modules/dep/i.js', answeredBy: 'miss' })
  })

  test('fails with the error of an entry for a name that leads nowhere', async () => {
    await using fixture = await createFixture(PROJECT)

    const run = await cli(fixture, 'explain', 'src/nope.ts')

    expect(run.code).toBe(1)
    expect(run.stderr).toContain('SOMON_RESOLVE_NOT_FOUND')
  })

  test('asks the plugins about the URL of an entry', async () => {
    const config = `export default { plugins: [
      { name: 'routes', cacheKey: '1', resolveId: (id) => id === 'virtual:routes' ? id : null },
    ] }`
    await using fixture = await createFixture({ ...PROJECT, 'somon.config.mjs': config })

    const run = await cli(fixture, 'explain', 'virtual:routes')

    expect(run.stdout).toContain('plugin "routes": answers: its own module "virtual:routes"')
    expect(run.stdout).toContain('cache: nothing valid')
    expect(run.stdout).not.toContain('missing')
  })
})

describe('somon explain --from with plugins', () => {
  const CONFIG = `export default { plugins: [
    { name: 'late', cacheKey: '1', resolveId: (id) => id === './part.ts' ? '/late.ts' : null },
    { name: 'raw', setup() {} },
    { name: 'broken', cacheKey: '1', resolveId: { filter: { id: 'bad' }, handler: () => 5 } },
    { name: 'early', cacheKey: '1', enforce: 'pre', resolveId(id) {
      return id === 'virtual:flags' ? '\\0' + id : id === 'out' ? { id, external: true } : null
    } },
  ] }`

  test.each([
    ['virtual:flags', ['plugin "early": answers: its own module "\\u0000virtual:flags"']],
    ['out', ['plugin "early": answers: external "out"']],
    [
      './part.ts',
      [
        'plugin "early": does not answer',
        'plugin "raw": may answer; it is asked in a build only',
        'plugin "late": answers: source /late.ts',
      ],
    ],
  ])('tells which answers %s', async (specifier, lines) => {
    await using fixture = await createFixture({ ...FILES, 'somon.config.mjs': CONFIG })

    const run = await cli(fixture, 'explain', specifier, '--from=src/main.ts')

    expect(run.stdout.trimEnd().split('\n')).toEqual(lines.map((line) => `  ${line}`))
  })

  test('goes on with the search when none answers, and tells a hook that fails', async () => {
    await using fixture = await createFixture({ ...FILES, 'somon.config.mjs': CONFIG })

    const none = await cli(fixture, 'explain', './main.ts', '--from=src/main.ts')
    const bad = await cli(fixture, 'explain', 'bad', '--from=src/main.ts')

    expect(none.stdout).toContain('plugin "late": does not answer\n  form: a relative path')
    expect(none.stdout).toContain(`answer: source ${fixture.path('src/main.ts')}`)
    expect(bad.stdout).toContain('plugin "broken": fails: Cannot run plugin "broken"')
  })
})

describe('somon check', () => {
  test('ends with 0 for sound entries and with 1 for findings', async () => {
    await using fixture = await createFixture({ ...FILES, 'bad.ts': "import './none.ts'\n" })

    const good = await cli(fixture, 'check', 'src/main.ts')
    const bad = await cli(fixture, 'check', 'src/main.ts', 'bad.ts', '--json')

    expect(good.code).toBe(0)
    expect(bad.code).toBe(1)
    expect(bad.json()).toMatchObject({
      ok: false,
      result: { entries: [{ errors: [] }, { entry: 'bad.ts', errors: [expect.anything()] }] },
    })
  })

  test('reports every fault of an entry, and packages that are not installed', async () => {
    await using fixture = await createFixture({
      'bad.ts': "import './n1.ts'\nimport './n2.ts'\n",
      'lacks.ts':
        "import { a } from 'absent'\nimport { readFile } from 'node:fs'\nconsole.log(a, readFile)\n",
      'has.ts': "import { a } from 'present'\nconsole.log(a)\n",
      'node_modules/present/package.json': '{"name":"present","main":"index.js"}',
      'node_modules/present/index.js': "throw new Error('this must not run')",
    })

    const bad = await cli(fixture, 'check', 'bad.ts')
    const lacks = await cli(fixture, 'check', 'lacks.ts', '--json')
    const has = await cli(fixture, 'check', 'has.ts')

    expect(bad.stdout).toContain('"./n1.ts"')
    expect(bad.stdout).toContain('"./n2.ts"')
    expect(lacks.code).toBe(1)
    expect(lacks.json().result).toMatchObject({
      entries: [
        { errors: [{ code: 'SOMON_EVALUATE_IMPORT_FAILED', data: { specifier: 'absent' } }] },
      ],
    })
    expect(has.code).toBe(0)
  })

  // A timer of a package that --externals had imported kept the process alive.
  test.each([
    ['a', 0],
    ['b', 1],
  ])('ends although a package has left a timer, importing "%s" from it', async (name, code) => {
    await using fixture = await createFixture({
      'main.ts': `import { ${name} } from 'timed'\nconsole.log(${name})\n`,
      'node_modules/timed/package.json': '{"name":"timed","main":"index.js"}',
      'node_modules/timed/index.js': 'exports.a = setInterval(() => {}, 1000)',
    })

    const run = await cli(fixture, 'check', 'main.ts', '--externals', '--json')

    expect(run).toMatchObject({ code, signal: null, stderr: '' })
    expect(run.json()).toMatchObject({ ok: code === 0, command: 'check' })
  })

  test('counts warnings against --max-warnings', async () => {
    await using fixture = await createFixture({ 'a.js': 'if (globalThis.x == -0) {}\n' })

    const allowed = await cli(fixture, 'check', 'a.js', '--max-warnings=1')
    const refused = await cli(fixture, 'check', 'a.js', '--max-warnings=0')

    expect([allowed.code, refused.code]).toEqual([0, 1])
    expect(refused.stdout).toContain('1 warnings (at most 0 allowed)')
  })
})

describe('somon cache', () => {
  test('warms, counts, verifies, prunes and clears', async () => {
    await using fixture = await createFixture({ ...FILES, 'node_modules/.keep': '' })

    const cold = await cli(fixture, 'cache', 'warm', 'src/main.ts', '--readonly')
    const warmed = await cli(fixture, 'cache', 'warm', 'src/main.ts', '--json')
    const again = await cli(fixture, 'cache', 'warm', 'src/main.ts', '--readonly')
    const info = await cli(fixture, 'cache', 'info', '--json')
    const dryRun = await cli(fixture, 'cache', 'clear', '--dry-run', '--json')
    const dir = (await cli(fixture, 'cache', 'path')).stdout.trim()
    const kept = existsSync(dir)
    await cli(fixture, 'cache', 'clear')
    const after = await cli(fixture, 'cache', 'info', '--json')

    expect([cold.code, again.code]).toEqual([1, 0])
    expect(warmed.json().result).toMatchObject({ entries: [{ source: 'built' }] })
    expect(info.json().result).toMatchObject({ dir, entries: expect.any(Number) })
    expect((dryRun.json().result as { removed: number }).removed).toBeGreaterThan(1)
    expect(kept).toBe(true)
    expect(after.json().result).toMatchObject({ entries: 0 })
  })

  // It said "built" and ended with 0 although a later start would build again.
  test('tells that warmed entries were not stored, and why', async () => {
    await using fixture = await createFixture({ ...FILES, 'node_modules/.keep': '' })
    await fixture.write('somon.config.json', '{"cache":{"disk":{"mode":"off"}}}')

    const off = await cli(fixture, 'cache', 'warm', 'src/main.ts')
    await fixture.remove('somon.config.json')
    await fixture.write(
      'somon.config.mjs',
      "export default { plugins: [{ name: 'keyless', transform: { filter: { id: /part/ }, handler: () => undefined } }] }",
    )
    const keyless = await cli(fixture, 'cache', 'warm', 'src/main.ts', '--json')

    expect(off).toMatchObject({
      code: 1,
      stdout: 'not stored  src/main.ts: cache.disk.mode is "off"\n',
    })
    expect(keyless.code).toBe(1)
    expect(keyless.json()).toMatchObject({
      ok: false,
      result: {
        entries: [{ source: 'not-stored', because: 'plugin "keyless" has no cacheKey' }],
      },
    })
  })

  test('prunes to a size', async () => {
    await using fixture = await createFixture({ ...FILES, 'node_modules/.keep': '' })
    await cli(fixture, 'cache', 'warm', 'src/main.ts')

    const run = await cli(fixture, 'cache', 'prune', '--max-size=0', '--json')

    expect((run.json().result as { removed: number }).removed).toBeGreaterThan(0)
  })

  test('says that nothing is done when the disk cache is off', async () => {
    await using fixture = await createFixture({ ...FILES, 'node_modules/.keep': '' })
    await cli(fixture, 'cache', 'warm', 'src/main.ts')
    const before = await cli(fixture, 'cache', 'info', '--json')
    await fixture.write('somon.config.json', '{"cache":{"disk":{"mode":"off"}}}')

    const pruned = await cli(fixture, 'cache', 'prune', '--max-size=0')
    const cleared = await cli(fixture, 'cache', 'clear', '--json')
    const wouldClear = await cli(fixture, 'cache', 'clear', '--dry-run')
    const after = await cli(fixture, 'cache', 'info', '--json')

    const text = 'the disk cache is off (cache.disk.mode); nothing was done\n'
    expect([pruned.stdout, wouldClear.stdout]).toEqual([text, text])
    expect(cleared.json().result).toMatchObject({ removed: 0, removedBytes: 0 })
    const { entries } = before.json().result as { entries: number }
    expect(entries).toBeGreaterThan(1)
    expect(after.json().result).toMatchObject({ entries, mode: 'off' })
  })

  test('leaves damaged files of a readonly cache in place, and says so', async () => {
    await using fixture = await createFixture({ ...FILES, 'node_modules/.keep': '' })
    await cli(fixture, 'cache', 'warm', 'src/main.ts')
    await fixture.write('node_modules/.cache/somon/v1/blobs/aa/aaaa', 'torn')
    await fixture.write('somon.config.json', '{"cache":{"disk":{"mode":"readonly"}}}')

    const run = await cli(fixture, 'cache', 'verify')

    expect(run.code).toBe(1)
    expect(run.stdout).toContain('damaged, left in place: blobs/aaaa')
    expect(existsSync(fixture.path('node_modules/.cache/somon/v1/blobs/aa/aaaa'))).toBe(true)
  })

  test('finds damaged files; --readonly leaves them, otherwise they go', async () => {
    await using fixture = await createFixture({ ...FILES, 'node_modules/.keep': '' })
    await cli(fixture, 'cache', 'warm', 'src/main.ts')
    await fixture.write('node_modules/.cache/somon/v1/blobs/aa/aaaa', 'torn')

    const seen = await cli(fixture, 'cache', 'verify', '--readonly', '--json')
    const removed = await cli(fixture, 'cache', 'verify', '--json')
    const clean = await cli(fixture, 'cache', 'verify')

    expect(seen.json()).toMatchObject({
      ok: false,
      result: { removed: 0, bad: [{ key: 'blobs/aaaa' }] },
    })
    expect(removed.json()).toMatchObject({ ok: false, result: { removed: 1 } })
    expect([seen.code, removed.code, clean.code]).toEqual([1, 1, 0])
  })
})

describe('somon doctor', () => {
  test('finds nothing in a sound project', async () => {
    await using fixture = await createFixture(FILES)

    const run = await cli(fixture, 'doctor', '--json')
    const { findings } = run.json().result as { findings: { check: string; status: string }[] }

    expect(findings.filter(({ check }) => check !== 'inotify').map(({ check, status }) => [check, status])).toEqual([
      ['node', 'pass'],
      ['esbuild', 'pass'],
      ['cache', 'pass'],
      ['disk', 'pass'],
      ['configuration', 'pass'],
    ]) // prettier-ignore
  })

  test('ends with 1 and names the fix for a configuration that cannot be read', async () => {
    await using fixture = await createFixture({
      ...FILES,
      'somon.toml': '[bundle]\nminfy = true\n',
    })

    const run = await cli(fixture, 'doctor')

    expect(run.code).toBe(1)
    expect(run.stdout).toMatch(/fail configuration: .*minfy/)
    expect(run.stdout).toContain('fix:')
  })
})

describe('somon completion', () => {
  test.each([
    ['somon bun', ['bundle']],
    ['somon bundle --form', ['--format']],
    ['somon bundle --format c', ['cjs']],
    ['somon cache v', ['verify']],
    ['somon run --no-c', ['--no-cache', '--no-color']],
  ])('completes "%s" in bash', (line, expected) => {
    const words = line.split(' ')
    const script = `${completionScript('bash')}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_somon; printf '%s\\n' "\${COMPREPLY[@]}"`

    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' })

    expect(stderr).toBe('')
    expect(stdout.trim().split('\n')).toEqual(expected)
  })

  describe.each(['zsh', 'fish'])('for %s', (shell) => {
    const missing = spawnSync(shell, ['--version']).error !== undefined

    const reason = missing ? ` (skipped: ${shell} is missing)` : ''

    test.skipIf(missing)(`is accepted${reason}`, async () => {
      await using fixture = await createFixture({ script: completionScript(shell) })

      const check = spawnSync(shell, ['-n', fixture.path('script')], { encoding: 'utf8' })

      expect(check).toMatchObject({ status: 0, stderr: '' })
    })

    test('names every command and flag', () => {
      const script = completionScript(shell)

      for (const { name, flags } of COMMANDS) {
        expect(script).toContain(name)
        for (const flag of flags) expect(script).toContain(flag.name)
      }
    })
  })
})

function cli(fixture: Fixture, ...argv: string[]): Promise<CliRun> {
  return runCli(argv, { cwd: fixture.root })
}

function cliUntil(
  fixture: Fixture,
  argv: readonly string[],
  onOutput: NonNullable<CliOptions['onOutput']>,
): Promise<CliRun> {
  return runCli(argv, { cwd: fixture.root, onOutput })
}
