import { spawnSync } from 'node:child_process'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../src/cli/command-table.ts'
import { completionScript } from '../../src/cli/completion-script.ts'
import { createFixture } from '../support/fixture.ts'

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
