import { describe, expect, test } from 'vitest'
import { createFixture, type Fixture } from '../support/fixture.ts'
import { createBundling } from './support/bundling.ts'

function shop(main: string): Promise<Fixture> {
  const paths = { '@lib/*': ['./src/lib/*'], '*': ['./types/*'] }
  return createFixture({
    'tsconfig.json': JSON.stringify({ compilerOptions: { paths } }),
    'src/main.ts': main,
    'src/lib/price.ts': 'export const price = 1',
  })
}

describe('Bundler.build() with an import that tsconfig.json maps to no file', () => {
  test.each(['external', 'bundle'] as const)('fails with packages %s', async (packages) => {
    await using fixture = await shop(
      "// from '@lib/prce.ts'\nconst ä = 1; export { price } from '@lib/prce.ts'\n",
    )
    await using bundling = createBundling(fixture.root, { resolve: { packages } })

    const { error, inputs } = await bundling.fail('src/main.ts')

    expect(error).toMatchObject({
      code: 'SOMON_BUNDLE_FAILED',
      message:
        'Cannot bundle "src/main.ts": could not resolve "@lib/prce.ts": tsconfig.json maps ' +
        '"@lib/*" to src/lib/prce.ts, where there is no file (src/main.ts:2:36)',
      fix: 'Write "@lib/price.ts" if that is what you mean',
      location: { file: 'src/main.ts', line: 2, column: 36, length: 14 },
      importChain: ['src/main.ts'],
    })
    expect(inputs.absent).toContain('src/lib/prce.ts')
  })

  test('names the first of several, each with its place', async () => {
    await using fixture = await shop(
      "import '@lib/x.ts'\nimport '@lib/y.ts'\nexport const z = () => import('@lib/z.ts')\n",
    )
    await using bundling = createBundling(fixture.root)

    const { error } = await bundling.fail('src/main.ts')

    expect(error.message).toContain('it is the first of 3 errors')
    expect(error.errors?.map(({ location }) => location?.line)).toEqual([1, 2, 3])
    expect(error.fix).toContain('the pattern in tsconfig.json')
  })

  test.each([
    ['a name of the catch-all only', "export { x } from 'anything'"],
    ['an import() that may fail', "try { await import('@lib/x.ts') } catch {}"],
    ['a type', "import type { X } from '@lib/x.ts'\nexport const x: X = 1"],
    ['a file that is there', "export { price } from '@lib/price.ts'"],
  ])('goes on with %s', async (_what, main) => {
    await using fixture = await shop(main)
    await using bundling = createBundling(fixture.root)

    expect(await bundling.one('src/main.ts')).toMatchObject({ ok: true })
  })

  test('goes on with a name in externals', async () => {
    await using fixture = await shop("export { x } from '@lib/x.ts'")
    await using bundling = createBundling(fixture.root, { resolve: { externals: ['@lib/*'] } })

    expect(await bundling.one('src/main.ts')).toMatchObject({ ok: true })
  })
})
