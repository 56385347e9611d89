import { describe, expect, test } from 'vitest'
import type { Artifact } from '../../src/bundle/artifact.ts'
import { createRig, type EvaluatorRig } from './support/evaluator.ts'
import { wrapped } from './support/wrapped.ts'
import { importing, packages } from './support/importing.ts'

function startSync(rig: EvaluatorRig, artifact: Artifact): Readonly<Record<string, unknown>> {
  const generation = rig.evaluator.instantiate({ artifact, number: 1, reloadable: true })
  rig.evaluator.bindImportsSync(generation)
  void rig.evaluator.execute(generation)
  return generation.namespace
}

describe('Evaluator.bindImportsSync()', () => {
  test('shows where an import stands that cannot be bound', async () => {
    await using fixture = await packages({ 'one/index.js': 'exports.a = 1' })
    await fixture.write('a.ts', "import { b } from 'one'\n")
    using rig = createRig(fixture.root)
    const artifact = importing({ spec: 'one', names: ['b'], importers: ['a.ts'] })

    const act = (): unknown => startSync(rig, artifact)

    expect(act).toThrow(
      expect.objectContaining({ location: { file: 'a.ts', line: 1, column: 10, length: 1 } }),
    )
  })

  test('gives builtins, ES modules and CommonJS their namespaces', async () => {
    await using fixture = await packages({
      'esm/package.json': '{"name":"esm","main":"index.mjs"}',
      'esm/index.mjs': 'export const a = 1; export default 2',
      'cjs/index.js': 'module.exports = { b: 3 }',
    })
    using rig = createRig(fixture.root)
    const artifact = wrapped({
      body: '',
      imports: 'path=$d[0],esm=$d[1],cjs=$d[2]',
      exports: { path: 'path', esm: 'esm', cjs: 'cjs' },
      deps: [{ spec: 'node:path', names: ['join', 'default'] }, { spec: 'esm' }, { spec: 'cjs' }],
    })

    const { path, esm, cjs } = startSync(rig, artifact)

    expect((path as { default: { sep: string } }).default.sep).toBe('/')
    expect(esm).toMatchObject({ a: 1, default: 2 })
    expect({ ...(cjs as object), default: null }).toEqual({ b: 3, default: null })
  })

  test('shares the instances of externals with the asynchronous way', async () => {
    await using fixture = await packages({ 'cjs/index.js': 'exports.box = {}' })
    using rig = createRig(fixture.root)

    const sync = startSync(rig, importing({ spec: 'cjs' })).dep
    const generation = await rig.start(importing({ spec: 'cjs' }))

    expect(generation.namespace.dep).toBe(sync)
  })
})
