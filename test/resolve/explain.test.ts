import { writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { EventHub } from '../../src/base/events.ts'
import type { ResolveEvents } from '../../src/resolve/events.ts'
import { createFixture } from '../support/fixture.ts'
import { resolverFor } from '../support/build-options.ts'
import { json, shop } from './support/shop.ts'

describe('resolve.failed', () => {
  test('is emitted for what is missing or refused, and for nothing else', async () => {
    await using fixture = await shop()
    const events = new EventHub<ResolveEvents>()
    const seen: unknown[] = []
    events.on('resolve.failed', ({ specifier, class: outcome }) => seen.push([specifier, outcome]))
    const resolver = resolverFor(fixture, { externalPolicy: 'declared' }, events)
    const importer = fixture.path('src/main.ts')

    for (const specifier of ['./main', 'fs', 'declared', './none', 'stray']) {
      resolver.resolve(specifier, importer, 'import')
    }
    resolver.explain('./none', importer)

    expect(seen).toEqual([
      ['./none', 'missing'],
      ['stray', 'refused'],
    ])
  })
})

describe('explain()', () => {
  test('tells the steps in order and ends with the answer', async () => {
    await using fixture = await shop()
    const importer = fixture.path('src/main.ts')

    const steps = resolverFor(fixture, { alias: { d: 'declared' } }).explain('d', importer)

    expect(steps.map(({ step }) => step)).toEqual([
      'alias',
      'form',
      'tsconfig.json',
      'search',
      'packages',
      'policy',
      'search as Node does',
      'answer',
    ])
    expect(steps.at(-1)?.result).toBe(`external ${fixture.path('node_modules/declared/index.js')}`)
  })

  test('says the same as resolve()', async () => {
    await using fixture = await shop()
    const resolver = resolverFor(fixture, { externalPolicy: 'declared' })
    const importer = fixture.path('src/main.ts')

    for (const specifier of ['./main', 'fs', 'declared', './none', 'stray', '#x', 'shop']) {
      const answer = resolver.explain(specifier, importer).findLast(({ step }) => step === 'answer')
      const { class: outcome } = resolver.resolve(specifier, importer, 'import')

      expect(answer?.result).toMatch(new RegExp(`^${outcome}`))
    }
  })

  test.each([
    ['./twice.js', 'although twice.ts lies beside it'],
    ['./modern', 'esbuild does not find it'],
    ['./made/x', 'rootDirs'],
    ['~/twice', 'referenced'],
  ])('warns that a bundle would differ for %s', async (specifier, warning) => {
    await using fixture = await createFixture({
      'tsconfig.json': json({
        compilerOptions: { rootDirs: ['./src', './generated'] },
        references: [{ path: './tsconfig.app.json' }],
      }),
      'tsconfig.app.json': json({
        compilerOptions: { composite: true, paths: { '~/*': ['./src/*'] } },
        include: ['src'],
      }),
      'src/main.ts': '',
      'src/twice.js': '',
      'src/twice.ts': '',
      'src/modern.mts': '',
      'generated/made/x.ts': '',
    })

    const steps = resolverFor(fixture).explain(specifier, fixture.path('src/main.ts'))

    expect(steps.filter(({ step }) => step === 'warning')).toEqual([
      { step: 'warning', result: expect.stringContaining(warning) },
    ])
  })

  test('warns of nothing where all agree', async () => {
    await using fixture = await shop()
    await writeFile(fixture.path('src/a.ts'), '')
    const resolver = resolverFor(fixture)

    for (const specifier of ['./a', './a.js', 'declared', 'fs', './none', '../src/a.ts']) {
      const steps = resolver.explain(specifier, fixture.path('src/main.ts'))

      expect(steps.filter(({ step }) => step === 'warning')).toEqual([])
    }
  })
})
