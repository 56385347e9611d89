import { describe, expect, test } from 'vitest'
import { cli } from '../../support/cli-project.ts'
import { createFixture } from '../../support/fixture.ts'

const FILES = {
  'package.json': '{"type":"module"}',
  'somon.toml': `[guard]
timeout_ms = "5s"

[guard.dependencies.payments]
kind = "http"
match = ["https://api.pay.example"]
retry = { max = 2 }

[cache]
secret = "a secret that is long enough for the cache"
`,
}

describe('somon config get', () => {
  test('prints one setting, a section, or all, and no secret', async () => {
    await using fixture = await createFixture(FILES)

    const one = await cli(fixture, 'config', 'get', 'guard.timeoutMs')
    const section = await cli(fixture, 'config', 'get', 'cache', '--json')
    const nested = await cli(fixture, 'config', 'get', 'guard.dependencies.payments.retry.max')
    const all = await cli(fixture, 'config', 'get', '--json')

    expect([one.stdout, nested.stdout]).toEqual(['5000\n', '2\n'])
    expect(section.json().result).toMatchObject({ maxEntries: 1000, secret: '***' })
    expect(all.json().result).toMatchObject({ guard: { timeoutMs: 5000 }, log: { level: 'info' } })
    expect(all.stdout).not.toContain('long enough')
  })

  test('takes the defaults of the profile', async () => {
    await using fixture = await createFixture(FILES)

    const library = await cli(fixture, 'config', 'get', 'loading.packages')
    const bundle = await cli(fixture, 'config', 'get', 'loading.packages', '--profile=bundle')

    expect([library.stdout, bundle.stdout]).toEqual(['"external"\n', '"bundle"\n'])
  })

  test('ends with 2 for something that is no setting', async () => {
    await using fixture = await createFixture(FILES)

    const run = await cli(fixture, 'config', 'get', 'guard.timeout')

    expect(run.code).toBe(2)
    expect(run.stderr).toContain('"guard.timeoutMs"')
  })
})

describe('somon config explain', () => {
  test('lists every source that says something, the strongest last', async () => {
    await using fixture = await createFixture({ ...FILES, '.env': 'SOMON_GUARD_TIMEOUT_MS=7s\n' })

    const run = await cli(fixture, 'config', 'explain', 'guard.timeoutMs')

    expect(run.code).toBe(0)
    expect(run.stdout).toContain('guard.timeoutMs = 7000\n')
    const sources = [...run.stdout.matchAll(/^ {2}(\S+) +(\d+)/gm)].map(([, ...found]) => found)
    expect(sources).toEqual([
      ['default', '10000'],
      ['file', '5000'],
      ['.env', '7000'],
    ])
    expect(run.stdout).toContain('(somon.toml:2:1)')
  })

  test('needs a setting', async () => {
    await using fixture = await createFixture(FILES)

    const run = await cli(fixture, 'config', 'explain')

    expect(run.code).toBe(2)
    expect(run.stderr).toContain('SOMON_CLI_MISSING_OPERAND')
  })
})

describe('somon config validate', () => {
  test('ends with 0 when all is well', async () => {
    await using fixture = await createFixture(FILES)

    const run = await cli(fixture, 'config', 'validate')

    expect(run).toMatchObject({ code: 0, stdout: 'somon.toml: all settings are valid\n' })
  })

  test("ends with 1 and names every fault, also of a file that is not the project's", async () => {
    await using fixture = await createFixture({
      ...FILES,
      'other.toml': '[cache]\nmaxEntries = -1\n[guard]\ntimeout = 5\n',
    })

    const run = await cli(fixture, 'config', 'validate', 'other.toml')

    expect(run.code).toBe(1)
    expect(run.stderr).toContain('other.toml:2:1')
    expect(run.stderr).toContain('other.toml:4:1')
  })

  test('ends with 1 for settings that do not go together', async () => {
    await using fixture = await createFixture({
      ...FILES,
      'somon.toml':
        '[guard.dependencies.db]\nkind = "tcp"\nmatch = ["db:1"]\nretry = { max = 1 }\n',
    })

    const run = await cli(fixture, 'config', 'validate', '--json')

    expect(run.code).toBe(1)
    expect(run.json().error?.code).toBe('SOMON_CONFIG_INVALID')
  })
})

describe('somon config schema', () => {
  test('prints a JSON Schema that knows every setting', async () => {
    await using fixture = await createFixture(FILES)

    const run = await cli(fixture, 'config', 'schema')

    const schema = JSON.parse(run.stdout) as {
      $schema: string
      properties: Record<string, { properties: object }>
    }
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema')
    expect(Object.keys(schema.properties.guard?.properties ?? {})).toContain('dependencies')
  })
})
