import { describe, expect, test } from 'vitest'
import { failureOf } from '../../src/resolve/failure.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'
import { resolverFor } from '../support/build-options.ts'

function mapped(paths: Readonly<Record<string, readonly string[]>>): Promise<Fixture> {
  return createFixture({
    'package.json': JSON.stringify({ name: 'shop', dependencies: { '@lib/declared': '1' } }),
    'tsconfig.json': JSON.stringify({ compilerOptions: { paths } }),
    'src/main.ts': '',
    'src/lib/price.ts': '',
    'types/typed.d.ts': '',
    'node_modules/@lib/installed/index.js': '',
    'node_modules/@lib/broken/package.json': '{"exports":"garbage"}',
  })
}

describe('resolve() of a name that paths maps to no file', () => {
  test.each(['external', 'bundle'] as const)('misses it with packages %s', async (packages) => {
    await using fixture = await mapped({ '@lib/*': ['./src/lib/*', './gen/*'] })
    const importer = fixture.path('src/main.ts')

    const found = resolverFor(fixture, { packages }).resolve('@lib/prce.ts', importer, 'import')

    expect(found).toMatchObject({
      class: 'missing',
      pattern: '@lib/*',
      tried: expect.arrayContaining([fixture.path('src/lib/prce.ts'), fixture.path('gen/prce.ts')]),
    })
    const error = failureOf(found, { specifier: '@lib/prce.ts', importer, root: fixture.root })
    expect(error).toMatchObject({
      code: 'SOMON_RESOLVE_NOT_FOUND',
      message:
        'Cannot resolve "@lib/prce.ts" from "src/main.ts": tsconfig.json maps "@lib/*" to ' +
        'src/lib/prce.ts and gen/prce.ts, where there is no file',
      fix: 'Write "@lib/price.ts" if that is what you mean',
    })
  })

  test.each([
    ['@lib/*', './src/lib/*.ts', '@lib/prce', '@lib/price'],
    ['@lib/*', './src/lib/*', '@lib/prce', '@lib/price.ts'],
    ['#lib/*', './src/lib/*', '#lib/prce.ts', '#lib/price.ts'],
    ['~price', './src/lib/prce.ts', '~price', undefined],
  ])('suggests with %s → %s for %s %s', async (pattern, target, specifier, suggestion) => {
    await using fixture = await mapped({ [pattern]: [target] })

    const found = resolverFor(fixture).resolve(specifier, fixture.path('src/main.ts'), 'import')

    expect(found.class).toBe('missing')
    expect(found).toHaveProperty('pattern', pattern)
    expect('suggestion' in found ? found.suggestion : undefined).toBe(suggestion)
  })

  test.each([
    ['a catch-all', '*', './types/*', 'anything'],
    ['a declaration', 'typed', './types/typed', 'typed'],
    ['a declaration by name', 'typed', './types/typed.d.ts', 'typed/x'],
    ['an installed package', '@lib/*', './src/lib/*', '@lib/installed'],
    ['an installed package that is broken', '@lib/*', './src/lib/*', '@lib/broken'],
    ['a declared package', '@lib/*', './src/lib/*', '@lib/declared'],
  ])('leaves %s to Node', async (_what, pattern, target, specifier) => {
    await using fixture = await mapped({ [pattern]: [target] })

    expect(
      resolverFor(fixture).resolve(specifier, fixture.path('src/main.ts'), 'import'),
    ).toMatchObject({ class: 'external' })
  })
})

describe('explain() of a mapped name', () => {
  test.each([
    ['@lib/prce.ts', 'tsconfig.json maps "@lib/*" to src/lib/prce.ts', /^missing: .*"@lib\/\*"/],
    ['@lib/price.ts', 'tsconfig.json maps "@lib/*" to src/lib/price.ts', /^source .*price\.ts$/],
  ])('tells the pattern for %s', async (specifier, paths, answer) => {
    await using fixture = await mapped({ '@lib/*': ['./src/lib/*'] })

    const steps = resolverFor(fixture).explain(specifier, fixture.path('src/main.ts'))

    expect(steps.find(({ step }) => step === 'paths')?.result).toBe(paths)
    expect(steps.find(({ step }) => step === 'answer')?.result).toMatch(answer)
  })
})
