/** Programs that do their worst under `somon run`: they end as under Node, or with a coded error. */
import { symlink } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { createFixture } from '../support/fixture.ts'
import { runCli } from '../support/run-cli.ts'

const programs: readonly {
  readonly kind: string
  readonly code: string
  readonly exit: number
  readonly says: string
}[] = [
  {
    kind: 'awaits what never happens',
    code: 'await new Promise(() => {})',
    exit: 1,
    says: 'SOMON_CLI_NEVER_SETTLES',
  },
  { kind: 'exits', code: 'process.exit(7)', exit: 7, says: '' },
  {
    kind: 'rejects later',
    code: "setTimeout(() => void Promise.reject(new Error('late')), 1)",
    exit: 1,
    says: 'Error: late',
  },
  { kind: 'throws undefined', code: 'throw undefined', exit: 1, says: 'SOMON_EVALUATE_FAILED' },
  {
    kind: 'throws an object without a text',
    code: 'throw Object.create(null)',
    exit: 1,
    says: 'Cannot evaluate "main.ts": it threw [object Object]',
  },
  {
    kind: 'throws a frozen error',
    code: "throw Object.freeze(new Error('frozen'))",
    exit: 1,
    says: 'Cannot evaluate "main.ts": Error: frozen',
  },
  {
    kind: 'throws with a faulty stack handler',
    code: "Error.prepareStackTrace = () => { throw new Error('no') }; throw new Error('yes')",
    exit: 1,
    says: 'Cannot evaluate "main.ts": Error: yes',
  },
  {
    kind: 'replaces the globals that somon could use',
    code: `globalThis.setTimeout = () => { throw new Error('no timers') }
      globalThis.Map = class extends Map {}
      await null
      console.log('fine')`,
    exit: 0,
    says: 'fine',
  },
  {
    kind: 'recurses without end',
    code: 'function again() { again() }; again()',
    exit: 1,
    says: 'RangeError: Maximum call stack size exceeded',
  },
]

describe('somon run of a program that', () => {
  test.each(programs)('$kind exits with $exit', async ({ code, exit, says }) => {
    await using fixture = await createFixture({ 'package.json': '{}', 'main.ts': code })

    const run = await runCli(['run', 'main.ts'], { cwd: fixture.root })

    expect(run).toMatchObject({ code: exit, signal: null })
    expect(run.stdout + run.stderr).toContain(says)
  })

  test('is a link to itself says so', async () => {
    await using fixture = await createFixture({ 'package.json': '{}' })
    await symlink('main.ts', fixture.path('main.ts'))

    const run = await runCli(['run', './main.ts'], { cwd: fixture.root })

    expect(run.code).toBe(1)
    expect(run.stderr).toContain('it is a link that leads to no file')
  })
})

describe('somon bundle', () => {
  test('names a place that cannot be written and asks for another', async () => {
    await using fixture = await createFixture({
      'package.json': '{}',
      'main.ts': 'export const n = 1',
    })

    const run = await runCli(['bundle', 'main.ts', '--outdir=main.ts'], { cwd: fixture.root })

    expect(run.code).toBe(2)
    expect(run.stderr).toContain('fix: Give --outdir a folder')
  })
})
