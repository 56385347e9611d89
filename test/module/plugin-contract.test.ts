import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { messageOf } from '../../src/base/error.ts'
import type { FusedPlugin } from '../../src/bundle/plugin.ts'
import { pluginContract, type PluginSample } from '../../src/module/plugin-contract.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'

/** Turns `.upper` files into their text in capitals. */
function upper(mark = '', changes: Partial<FusedPlugin> = {}): FusedPlugin {
  return {
    name: 'upper',
    cacheKey: `upper ${mark}`,
    transform: {
      filter: { id: '**/*.upper' },
      handler(code) {
        if (code.includes('?')) this.error({ message: 'Cannot shout a question', code: 'UPPER' })
        return { code: `export default ${JSON.stringify(code.toUpperCase() + mark)}` }
      },
    },
    ...changes,
  }
}

async function sampleWith(changes: Partial<PluginSample>): Promise<[PluginSample, Fixture]> {
  const fixture = await createFixture({
    'src/main.ts': `export { default as text } from './a.upper'`,
    'src/a.upper': 'hello',
  })
  const sample: PluginSample = {
    create: () => upper(),
    createOther: () => upper('!'),
    fixture: fixture.root,
    entry: 'src/main.ts',
    expected: { text: 'HELLO' },
    change: { file: 'src/a.upper', contents: 'bye', expected: { text: 'BYE' } },
    broken: { file: 'src/a.upper', contents: 'what?', code: 'UPPER' },
    ...changes,
  }
  return [sample, fixture]
}

/** The promises that a plugin breaks, with the reasons. */
async function broken(
  changes: Partial<PluginSample>,
  only?: string,
): Promise<Record<string, string>> {
  const [sample, fixture] = await sampleWith(changes)
  await using disposed = fixture
  const failures: Record<string, string> = {}
  for (const { name, run } of pluginContract({ ...sample, fixture: disposed.root })) {
    if (only !== undefined && name !== only) continue
    await run().catch((error: unknown) => {
      failures[name] = messageOf(error)
    })
  }
  return failures
}

let count = 0
function next(): number {
  count += 1
  return count
}

const faults: readonly [string, string, Partial<PluginSample>, RegExp][] = [
  [
    'no cache key',
    'has a cache key that stays the same',
    {
      create: () => {
        const { cacheKey: _key, ...keyless } = upper()
        return keyless
      },
    },
    /there is no cacheKey/,
  ],
  [
    'a cache key that is new each time',
    'has a cache key that stays the same',
    { create: () => upper('', { cacheKey: `${next()}` }) },
    /another cacheKey/,
  ],
  [
    'a cache key that a build changes',
    'has a cache key that stays the same',
    {
      create: () => {
        const state = { key: 'a' }
        return upper('', { cacheKey: () => state.key, buildStart: () => void (state.key = 'b') })
      },
    },
    /changes with a build/,
  ],
  [
    'a cache key that leaves options out',
    'has a cache key that changes with its options',
    { createOther: () => upper('!', { cacheKey: 'upper ' }) },
    /would serve the other/,
  ],
  ['a wrong result', 'makes what the sample expects', { expected: { text: 'hello' } }, /HELLO/],
  [
    'output that holds a counter',
    'makes the same from the same files in another folder',
    {
      create: () =>
        upper('', {
          transform: { filter: { id: '**/*.upper' }, handler: () => `export default ${next()}` },
        }),
    },
    /the code differs/,
  ],
  [
    'output that holds the path of the project',
    'makes the same from the same files in another folder',
    {
      create: () =>
        upper('', {
          transform: {
            filter: { id: '**/*.upper' },
            handler: (_code, id) => `export default ${JSON.stringify(id)}`,
          },
        }),
    },
    /the code differs/,
  ],
  [
    'a file that is not watched',
    'makes something else once a file has changed',
    { change: { file: 'src/side.txt', contents: '', expected: {} } },
    /^"src\/side\.txt" is no input of the build: call addWatchFile\(\)/,
  ],
  [
    'what it remembers of an earlier build',
    'makes something else once a file has changed',
    {
      create: () => {
        const memory = new Map<string, string>()
        return upper('', {
          transform: {
            filter: { id: '**/*.upper' },
            handler: (code, id) => {
              const known = memory.get(id) ?? code.toUpperCase()
              memory.set(id, known)
              return `export default ${JSON.stringify(known)}`
            },
          },
        })
      },
    },
    /BYE/,
  ],
  [
    'accepting a broken file',
    'names itself in the error of a broken file',
    { broken: { file: 'src/a.upper', contents: 'fine' } },
    /was accepted/,
  ],
  [
    'another code',
    'names itself in the error of a broken file',
    { broken: { file: 'src/a.upper', contents: '?', code: 'OTHER' } },
    /Cannot shout/,
  ],
  [
    'an unknown hook',
    'has a name and a valid form',
    { create: () => Object.assign(upper(), { lod: () => null }) },
    /did you mean "load"/,
  ],
]

describe('pluginContract()', () => {
  test('is kept by a good plugin', async () => {
    expect(await broken({})).toEqual({})
  })

  test('accepts a function that judges the exports', async () => {
    const judged: unknown[] = []

    const failures = await broken({ expected: ({ text }) => void judged.push(text) })

    expect(failures).toEqual({})
    expect(new Set(judged)).toEqual(new Set(['HELLO']))
  })

  test.each(faults)('is broken by %s', async (_title, name, changes, reason) => {
    expect((await broken(changes, name))[name]).toMatch(reason)
  })

  test('is broken by a server that stays open', async () => {
    const servers: ReturnType<typeof createServer>[] = []
    const create = (): FusedPlugin =>
      upper('', { buildStart: () => void servers.push(createServer().listen(0, '127.0.0.1')) })

    const failures = await broken({ create }, 'leaves nothing open')

    for (const server of servers) server.close()
    expect(failures['leaves nothing open']).toContain('are left after the build')
  })

  test('is broken by a plugin whose module is another one in esbuild alone', async () => {
    const name = 'does the same in esbuild alone'

    expect((await broken({ create: telling }, name))[name]).toContain('HELLO cjs')
  })
})

/** Tells in what kind of module its result has ended up. */
function telling(): FusedPlugin {
  return upper('', {
    transform: {
      filter: { id: '**/*.upper' },
      handler: (code) => {
        const text = JSON.stringify(code.toUpperCase())
        return `export default ${text} + (typeof module === 'object' ? ' cjs' : '')`
      },
    },
  })
}
