import { describe, expect, test } from 'vitest'
import { staticImportsOf } from '../../src/bundle/static-imports.ts'
import { createFixture } from '../support/fixture.ts'

describe('staticImportsOf()', () => {
  test('lists what a module imports before it runs, in order', async () => {
    await using fixture = await createFixture({
      'a.mjs': `import b from './b.mjs'
        const lazy = () => import('./lazy.mjs')
        export * from 'c'
        import data from './d.json' with { type: 'json' }`,
    })

    expect(await staticImportsOf(fixture.path('a.mjs'))).toEqual([
      { specifier: './b.mjs', attributes: {} },
      { specifier: 'c', attributes: {} },
      { specifier: './d.json', attributes: { type: 'json' } },
    ])
  })

  test('lists nothing for what is no module', async () => {
    await using fixture = await createFixture({
      'a.cjs': "require('b')",
      'a.node': 'import "b"',
    })

    expect(await staticImportsOf(fixture.path('a.cjs'))).toEqual([])
    expect(await staticImportsOf(fixture.path('a.node'))).toEqual([])
  })

  test('says nothing about what it cannot read', async () => {
    await using fixture = await createFixture({ 'a.mjs': 'import { from' })

    expect(await staticImportsOf(fixture.path('a.mjs'))).toBeUndefined()
    expect(await staticImportsOf(fixture.path('none.mjs'))).toBeUndefined()
  })
})
