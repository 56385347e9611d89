import { describe, expect, test } from 'vitest'
import { compileArtifact, scriptName } from '../../src/evaluate/script.ts'
import { createRig } from './support/evaluator.ts'
import { identityMap, wrapped } from './support/wrapped.ts'

const lazy = wrapped({
  body: 'function unused() { return 1 } function run() { return [1, 2].map((x) => x + 1) } run()',
  exports: { run: 'run' },
})

describe('code cache', () => {
  test('Evaluator.createCodeCache() is taken by the next generation under another name', async () => {
    using rig = createRig('/project')
    const used: string[] = []
    rig.events.on('evaluate.finished', (event) => used.push(event.codeCache))
    const first = await rig.start(lazy)

    const codeCache = rig.evaluator.createCodeCache(first)
    const second = await rig.start(lazy, { codeCache })

    expect(used).toEqual(['none', 'used'])
    expect((second.namespace as { run(): number[] }).run()).toEqual([2, 3])
  })

  test('a code cache that V8 refuses is reported and the code compiled anew', async () => {
    using rig = createRig('/project')
    const used: string[] = []
    rig.events.on('evaluate.finished', (event) => used.push(event.codeCache))

    // A text of its own: V8 does not look at a code cache for what it has compiled before.
    const artifact = wrapped({ body: 'function run() { return [2, 3] }', exports: { run: 'run' } })

    const generation = await rig.start(artifact, { codeCache: new Uint8Array(64) })

    expect(used).toEqual(['rejected'])
    expect((generation.namespace as { run(): number[] }).run()).toEqual([2, 3])
  })

  test('Evaluator.createCodeCache() of a retired generation is undefined', async () => {
    using rig = createRig('/project')
    const generation = await rig.start(lazy)
    await rig.evaluator.retire(generation, { drainTimeoutMs: 0 })

    expect(rig.evaluator.createCodeCache(generation)).toBeUndefined()
  })
})

describe('compileArtifact()', () => {
  test('hands the source map to an attached debugger, with sources below the root', () => {
    const artifact = wrapped({ body: '1' })
    const map = identityMap('src/a.ts', 1)

    const { script } = compileArtifact(artifact, { root: '/project', number: 1, map })
    const encoded = script.sourceMapURL?.split('base64,')[1] ?? ''

    expect(JSON.parse(Buffer.from(encoded, 'base64').toString())).toMatchObject({
      sources: ['src/a.ts'],
      sourceRoot: 'file:///project/',
    })
  })

  test.each([true, false])('asks for the map only while inspected: %s', async (inspected) => {
    const asked: string[] = []
    using rig = createRig('/project', {
      inspected: () => inspected,
      map: (id) => {
        asked.push(id)
        return undefined
      },
    })

    await rig.start(lazy)

    expect(asked).toEqual(inspected ? [lazy.id] : [])
  })
})

describe('scriptName()', () => {
  test('scriptName() is the absolute path of the entry and the number of the generation', () => {
    expect(scriptName('/project', 'src/a.ts', 3)).toBe('/project/src/a.ts?g=3')
  })
})

describe('wrapped text', () => {
  test('user code may declare the names of the parameters', async () => {
    using rig = createRig('/project')
    const artifact = wrapped({
      body: 'const require = 1, setTimeout = 2, $s = 3; var clearTimeout = 4',
      exports: { all: '[require, setTimeout, clearTimeout]' },
    })
    const code = artifact.code.replaceAll('$s', '$sa').replace('$sa = 3', '$s = 3')

    const { namespace } = await rig.start({ ...artifact, code })

    expect(namespace.all).toEqual([1, 2, 4])
  })

  test('require is that of the entry', async () => {
    using rig = createRig('/project')
    const artifact = wrapped({
      body: "const { sep } = require('node:path')",
      exports: { sep: 'sep' },
    })

    const { namespace } = await rig.start(artifact)

    expect(namespace.sep).toBe('/')
  })

  test('import() inside eval is refused by Node', async () => {
    using rig = createRig('/project')
    const artifact = wrapped({
      body: 'const load = () => (0, eval)("import(\'node:path\')")',
      exports: { load: 'load' },
    })
    const { namespace } = await rig.start(artifact)

    const loading = (namespace as { load(): Promise<unknown> }).load()

    await expect(loading).rejects.toMatchObject({
      code: expect.stringMatching(/^ERR_VM_DYNAMIC_IMPORT_CALLBACK_MISSING/) as string,
    })
  })
})
