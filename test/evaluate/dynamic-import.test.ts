import { describe, expect, test } from 'vitest'
import type { SourceImport } from '../../src/evaluate/imports.ts'
import { createFixture } from '../support/fixture.ts'
import { createRig, type EvaluatorRig } from './support/evaluator.ts'
import { wrapped } from './support/wrapped.ts'
import { packages } from './support/importing.ts'

describe('import(expression)', () => {
  const dynamic = wrapped({
    body: 'const load = (spec, options) => $i0(spec, options)',
    exports: { load: 'load' },
    dynamicSites: ['src/deep/site.ts'],
  })

  async function load(rig: EvaluatorRig, ...args: unknown[]): Promise<unknown> {
    const generation = await rig.start(dynamic)
    return (generation.namespace as { load(...a: unknown[]): Promise<unknown> }).load(...args)
  }

  test('loads builtins and externals', async () => {
    await using fixture = await packages({ 'one/index.js': 'exports.a = 1' })
    using rig = createRig(fixture.root)

    const path = await load(rig, 'node:path')
    const one = await load(rig, 'one')

    expect(path).toHaveProperty('join')
    expect(one).toHaveProperty('a', 1)
  })

  test('loads a source as a module of its own, found from the file it stands in', async () => {
    await using fixture = await createFixture({ 'src/deep/other.ts': '' })
    const asked: SourceImport[] = []
    using rig = createRig(fixture.root, {
      importSource: async (request) => {
        asked.push(request)
        return { answer: 1 }
      },
    })

    const namespace = await load(rig, './other.ts', { with: { type: 'text' } })

    expect(namespace).toEqual({ answer: 1 })
    expect(asked).toEqual([
      {
        file: fixture.path('src/deep/other.ts'),
        importer: 'src/deep/site.ts',
        attributes: { type: 'text' },
      },
    ])
  })

  test('takes file URLs', async () => {
    await using fixture = await createFixture({ 'a b.ts': '' })
    const files: string[] = []
    using rig = createRig(fixture.root, {
      importSource: async ({ file }) => {
        files.push(file)
        return {}
      },
    })

    await load(rig, new URL(`file://${fixture.root}/a%20b.ts`))

    expect(files).toEqual([fixture.path('a b.ts')])
  })

  test.each([
    ['./missing.ts', undefined],
    ['node:path', 'no object'],
    ['node:path', { with: 'no object' }],
    [Symbol('s'), undefined],
  ])('rejects and never throws: %s %j', async (spec, options) => {
    using rig = createRig('/project')

    await expect(load(rig, spec, options)).rejects.toThrow(/Cannot|must be an object/)
  })
})
