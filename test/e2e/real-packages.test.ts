import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { ModuleSystem } from '../../src/system/module-system.ts'
import { createFixture } from '../support/fixture.ts'

const root = join(import.meta.dirname, '..', '..')

/** Published packages that ship their TypeScript sources, and something to do with each. */
const packages = [
  {
    name: 'zod',
    use: ({ z }: Record<string, unknown>) => (z as Zod).string().min(3).safeParse('ab').success,
    expected: false,
  },
  {
    name: 'rxjs',
    use: ({ of, map, lastValueFrom }: Record<string, unknown>) => runRx(of, map, lastValueFrom),
    expected: 42,
  },
  {
    name: 'openai',
    use: ({ OpenAI }: Record<string, unknown>) =>
      new (OpenAI as Client)({ apiKey: 'k', baseURL: 'http://127.0.0.1:1/v9' }).baseURL,
    expected: 'http://127.0.0.1:1/v9',
  },
  {
    name: '@anthropic-ai/sdk',
    use: ({ Anthropic }: Record<string, unknown>) =>
      new (Anthropic as Client)({ apiKey: 'k', baseURL: 'http://127.0.0.1:1' }).baseURL,
    expected: 'http://127.0.0.1:1',
  },
] as const

describe('ModuleSystem.load() of a published package’s TypeScript', () => {
  test.each(packages)(
    '$name exports what its own build exports',
    async ({ name, use, expected }) => {
      await using cache = await createFixture()
      await using system = new ModuleSystem({ root, cache: { disk: { dir: cache.root } } })
      const published = (await import(name)) as object

      const module = await system.load(sourceOf(name))

      expect(Object.keys(module.exports).toSorted()).toEqual(Object.keys(published).toSorted())
      expect(await use(module.exports)).toEqual(expected)
    },
  )

  test.each(packages)(
    '$name comes from the disk the second time',
    async ({ name, use, expected }) => {
      await using cache = await createFixture()
      const options = { root, cache: { disk: { dir: cache.root } } }
      {
        await using first = new ModuleSystem(options)
        await first.load(sourceOf(name))
      }
      await using second = new ModuleSystem(options)

      const module = await second.load(sourceOf(name))

      expect(second.stats().loads).toMatchObject({ disk: 1, miss: 0 })
      expect(second.stats().bundler.servicePid).toBeUndefined()
      expect(await use(module.exports)).toEqual(expected)
    },
  )
})

interface Zod {
  string(): { min(length: number): { safeParse(text: string): { success: boolean } } }
}

type Client = new (options: { apiKey: string; baseURL: string }) => { readonly baseURL: string }

function runRx(...[of, map, lastValueFrom]: readonly unknown[]): Promise<unknown> {
  const source = (of as (value: number) => { pipe(step: unknown): unknown })(21)
  const double = (map as (fn: (n: number) => number) => unknown)((n) => n * 2)
  return (lastValueFrom as (value: unknown) => Promise<unknown>)(source.pipe(double))
}

function sourceOf(name: string): string {
  return join(root, 'node_modules', name, 'src', 'index.ts')
}
