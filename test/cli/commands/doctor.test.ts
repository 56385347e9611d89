import { describe, expect, test } from 'vitest'
import { cli, CLI_PROJECT } from '../../support/cli-project.ts'
import { createFixture } from '../../support/fixture.ts'

describe('somon doctor', () => {
  test('finds nothing in a sound project', async () => {
    await using fixture = await createFixture(CLI_PROJECT)

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
      ...CLI_PROJECT,
      'somon.toml': '[bundle]\nminfy = true\n',
    })

    const run = await cli(fixture, 'doctor')

    expect(run.code).toBe(1)
    expect(run.stdout).toMatch(/fail configuration: .*minfy/)
    expect(run.stdout).toContain('fix:')
  })
})
