import { describe, expect, test } from 'vitest'
import { createFixture } from '../support/fixture.ts'
import { createRig, resolveSimply } from './support/evaluator.ts'
import { wrapped } from './support/wrapped.ts'

describe('import.meta', () => {
  test('describes the source file that mentions it', async () => {
    await using fixture = await createFixture({
      'src/deep/other.ts': '',
      'node_modules/one/index.js': '',
    })
    using rig = createRig(fixture.root, { resolve: resolveSimply })
    const artifact = wrapped({
      entry: 'src/main.ts',
      body: "const own = $m('src/main.ts'), deep = $m('src/deep/site.ts'), again = $m('src/deep/site.ts')",
      exports: { own: 'own', deep: 'deep', again: 'again' },
    })

    const { namespace } = await rig.start(artifact, { main: true })
    const { own, deep, again } = namespace as Record<string, ImportMeta>

    expect(own).toMatchObject({ main: true, filename: fixture.path('src/main.ts') })
    expect(deep).toMatchObject({
      main: false,
      filename: fixture.path('src/deep/site.ts'),
      dirname: fixture.path('src/deep'),
      url: `file://${fixture.path('src/deep/site.ts')}`,
    })
    expect(again).toBe(deep)
    expect(deep?.resolve('./other.ts')).toBe(`file://${fixture.path('src/deep/other.ts')}`)
    expect(deep?.resolve('one')).toBe(`file://${fixture.path('node_modules/one/index.js')}`)
    expect(deep?.resolve('fs')).toBe('node:fs')
    expect(() => deep?.resolve('./missing.ts')).toThrow('there is no such file')
  })

  test('carries what plugins add', async () => {
    using rig = createRig('/project', {
      extendMeta: (meta, { module, number }) =>
        Object.assign(meta, { added: `${module}#${number}` }),
    })
    const artifact = wrapped({
      body: "const { added } = $m('a.ts')",
      exports: { added: 'added' },
    })

    const { namespace } = await rig.start(artifact)

    expect(namespace.added).toBe('entry.ts#1')
  })
})
