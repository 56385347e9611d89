import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { createRig } from '../load/support/rig.ts'
import { createFixture } from '../support/fixture.ts'

const ROUNDS = 60

describe('a cache whose writers are killed', () => {
  test('holds no damaged file and serves the right artifacts', async () => {
    const files = Object.fromEntries(
      ['main', 'a', 'b', 'c'].map((name) => [`src/${name}.ts`, `export const ${name} = 0\n`]),
    )
    await using fixture = await createFixture(files)
    const script = join(import.meta.dirname, '../load/support/child.ts')
    await using oracle = createRig(fixture.root, { mode: 'off' })

    for (let round = 0; round < ROUNDS; round += 1) {
      await fixture.write('src/a.ts', `export const a = ${round}\n`)
      const args = ['--conditions=somon-source', script, fixture.root]
      const child = spawn(process.execPath, args, { stdio: 'ignore' })
      // Spread over the life of the child, so that some die while they write.
      await sleep(150 + round * 10)
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')

      await using rig = createRig(fixture.root)
      const { bad } = await rig.disk.verify()
      const { artifact } = await rig.loader.artifact('src/a.ts')
      expect(bad).toEqual([])
      expect(artifact).toEqual((await oracle.loader.artifact('src/a.ts')).artifact)
    }
  }, 600_000)
})
