import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pluginContract } from '../../../src/module/plugin-contract.ts'
import { buildWith } from '../../../test/bundle/plugin-build.ts'
import { createFixture } from '../../../test/support/fixture.ts'
import { remote } from '../src/index.ts'
import type { Host } from './support/host.ts'
import { start, optionsFor, build } from './support/project.ts'

describe('pluginContract(remote)', () => {
  let host: Host
  const address = { allow: ['modules.example'] }
  // The contract works on a folder; its entry is written once the port is known.
  const sample = createFixture()
  beforeAll(async () => {
    host = await start({
      '/math.ts': {
        type: 'application/typescript',
        text: 'export const add = (a: number, b: number): number => a + b',
      },
    })
    const files = await sample
    await files.write(
      'src/main.ts',
      `import { add } from '${host.url('/math.ts')}'\nimport { n } from './n.ts'\nexport const sum: number = add(n, 3)`,
    )
    await files.write('src/n.ts', 'export const n = 2')
    await build(files, { ...optionsFor(host), copies: 'copies' }).catch(() => {})
    await buildWith(files, [remote(optionsFor(host, { copies: 'copies' }))], {
      entry: 'src/main.ts',
    })
  })
  afterAll(async () => {
    await host.stop()
    await (await sample)[Symbol.asyncDispose]()
  })
  const names = pluginContract({
    create: () => remote(address),
    createOther: () => remote(address),
    fixture: '',
    entry: '',
    expected: {},
    change: { file: '', contents: '', expected: {} },
    broken: { file: '', contents: '' },
  }).map(({ name }) => name)
  test.each(names)('%s', async (name) => {
    const options = optionsFor(host, { copies: 'copies' })
    const contract = pluginContract({
      create: () => remote(options),
      createOther: () => remote({ ...options, frozen: true }),
      fixture: (await sample).root,
      entry: 'src/main.ts',
      expected: { sum: 5 },
      change: { file: 'src/n.ts', contents: 'export const n = 7', expected: { sum: 10 } },
      broken: {
        file: 'src/n.ts',
        contents: `export * from 'https://elsewhere.test/x.js'`,
        code: 'SOMON_REMOTE_HOST',
      },
    })
    const promise = contract.find((one) => one.name === name)

    await expect(promise?.run()).resolves.toBeUndefined()
  })
})
