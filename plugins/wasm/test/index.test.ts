import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isSomonError } from '../../../src/base/error.ts'
import { pluginContract } from '../../../src/module/plugin-contract.ts'
import { PluginWorkbench } from '../../../src/module/plugin-workbench.ts'
import { createFixture } from '../../../test/support/fixture.ts'
import { wasm } from '../src/index.ts'

const fixture = join(import.meta.dirname, '../fixture')
const add = await readFile(join(fixture, 'src/add.wasm'))
/** The same module with `i32.mul` in place of `i32.add`. */
const multiply = Uint8Array.from(add)
multiply[multiply.length - 2] = 0x6c

async function check(
  exports: Readonly<Record<string, unknown>>,
  sum: number,
  later: number,
): Promise<void> {
  expect(exports).toMatchObject({ sum, names: ['add'], compiledOnce: true })
  expect(await (exports.later as () => Promise<number>)()).toBe(later)
}

describe('pluginContract(wasm)', () => {
  const contract = pluginContract({
    create: () => wasm(),
    createOther: () => wasm({ include: '**/*.wasm' }),
    fixture,
    entry: 'src/main.ts',
    expected: (exports) => check(exports, 5, 50),
    change: {
      file: 'src/add.wasm',
      contents: multiply,
      expected: (exports) => check(exports, 6, 600),
    },
    broken: { file: 'src/add.wasm', contents: '(module)', code: 'SOMON_WASM_INVALID' },
  })
  test.each([...contract])('$name', async ({ run }) => {
    await expect(run()).resolves.toBeUndefined()
  })
})

async function errorOf(
  files: Record<string, string | Uint8Array>,
): Promise<{ code: string; message: string }> {
  await using project = await createFixture(files)
  await using bench = await PluginWorkbench.open(project.root, wasm())
  const outcome = await bench.build('entry.ts')
  if (outcome.ok || !isSomonError(outcome.error)) throw new Error('expected a coded error')
  return { code: outcome.error.code, message: outcome.error.message }
}

describe('wasm()', () => {
  test('compiles equal contents once, across files and loads, and others apart', async () => {
    await using project = await createFixture({
      'entry.ts': `export { default as a } from './a.wasm'; export { default as b } from './b.wasm'; export { default as c } from './c.wasm'`,
      'a.wasm': add,
      'b.wasm': add,
      'c.wasm': multiply,
    })
    await using bench = await PluginWorkbench.open(project.root, wasm())

    const first = await bench.load('entry.ts')
    const second = await bench.load('entry.ts')

    expect(first.a).toBe(first.b)
    expect(first.c).not.toBe(first.a)
    expect(second.a).toBe(first.a)
    expect(String(first.a)).toBe('[object WebAssembly.Module]')
  })

  test('tells a text from a binary', async () => {
    const error = await errorOf({ 'entry.ts': `import './a.wasm'`, 'a.wasm': '(module)' })

    expect(error.message).toBe(
      'Cannot import "a.wasm": it is no WebAssembly binary; expected a file that starts with the bytes 00 61 73 6d',
    )
  })

  test('says what is wrong with a binary', async () => {
    const error = await errorOf({ 'entry.ts': `import './a.wasm'`, 'a.wasm': add.subarray(0, -3) })

    expect(error.code).toBe('SOMON_WASM_INVALID')
    expect(error.message).toMatch(/^Cannot import "a.wasm": .+@\+\d+/)
  })

  test('refuses a query that it does not know', async () => {
    const error = await errorOf({ 'entry.ts': `import './a.wasm?url'`, 'a.wasm': add })

    expect(error).toEqual({
      code: 'SOMON_WASM_QUERY',
      message: 'Cannot import "a.wasm?url": "?url" is unknown; expected "?init" or nothing',
    })
  })

  test('leaves the bytes to import attributes', async () => {
    await using project = await createFixture({
      'entry.ts': `export { default as bytes } from './a.wasm' with { type: 'bytes' }`,
      'a.wasm': add,
    })
    await using bench = await PluginWorkbench.open(project.root, wasm())

    expect((await bench.load('entry.ts')).bytes).toEqual(new Uint8Array(add))
  })
})
