import { describe, expect, test } from 'vitest'
import { isSomonError, SomonError } from '../../src/base/error.ts'
import type { SomonPlugin } from '../../src/bundle/plugin.ts'
import { ModuleSystem } from '../../src/system/module-system.ts'
import { createFixture } from '../support/fixture.ts'
import { createBundling } from './support/bundling.ts'

const own = new SomonError('SOMON_ACME_LICENSE', 'Cannot ship: a licence is missing', 'add it', {})

const plugins: readonly [string, SomonPlugin][] = [
  [
    'buildEnd of a fused plugin',
    {
      name: 'acme',
      cacheKey: '1',
      buildEnd() {
        this.error({ code: own.code, message: own.message, fix: own.fix })
      },
    },
  ],
  [
    'onEnd that throws',
    {
      name: 'acme',
      cacheKey: '1',
      setup: (build) =>
        build.onEnd(() => {
          throw own
        }),
    },
  ],
  [
    'onEnd that returns the error',
    {
      name: 'acme',
      cacheKey: '1',
      setup: (build) => build.onEnd(() => ({ errors: [{ text: own.message, detail: own }] })),
    },
  ],
]

describe.each(plugins)('the error of %s', (_title, plugin) => {
  const coded = { code: own.code, message: own.message, fix: own.fix }

  test('fails each entry of a build with its own code, once more in a kept context', async () => {
    await using fixture = await createFixture({ 'a.ts': '', 'b.ts': '' })
    await using bundling = createBundling(fixture.root, { plugins: [plugin] })

    const cold = await bundling.build('a.ts', 'b.ts')
    const hot = [
      ...(await bundling.bundler.build(['a.ts'], bundling.options, { hot: true })),
      ...(await bundling.bundler.build(['a.ts'], bundling.options, { hot: true })),
    ]

    expect(cold.map((outcome) => outcome.ok || outcome.error)).toMatchObject([coded, coded])
    expect(hot.map((outcome) => outcome.ok || outcome.error)).toMatchObject([coded, coded])
  })

  test('fails a bundle with its own code', async () => {
    await using fixture = await createFixture({ 'a.ts': '' })
    await using system = new ModuleSystem({ root: fixture.root, plugins: [plugin] })

    const error: unknown = await system.bundle('./a.ts').catch((thrown: unknown) => thrown)

    expect(isSomonError(error)).toBe(true)
    expect(error).toMatchObject(coded)
  })
})

const failing = (name: string): SomonPlugin => ({
  name,
  cacheKey: '1',
  buildEnd() {
    this.error({ code: `SOMON_ACME_${name}`, message: `Cannot end ${name}: it is over` })
  },
})

test('errors of several plugins at the end of a build keep their order', async () => {
  await using fixture = await createFixture({ 'a.ts': '' })
  await using bundling = createBundling(fixture.root, { plugins: [failing('A'), failing('B')] })

  const { error } = await bundling.fail('a.ts')

  expect(error.errors?.map(({ code }) => code)).toEqual(['SOMON_ACME_A', 'SOMON_ACME_B'])
})
