import { array, assert as fcAssert, constantFrom, property } from 'fast-check'
import { transformSync } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { firstTopLevelAwait } from '../../src/bundle/top-level-await.ts'

describe('firstTopLevelAwait()', () => {
  test.each<[string, number | undefined]>([
    ['', undefined],
    ['await x', 0],
    ['\tawait x', 1],
    ['var a;\r\n  await [x];', 10],
    ['f(arguments, await 1)', 13],
    ['arguments; () => arguments; await 1', 28],
    ['`\u2028`;\nvar s = "\u2028";\nawait 1', 18],
    ['for await (const x of y) {}', 4],
    ['"await"; /await/; async () => await 1', undefined],
    ['class A { static async m() { await 1 } }', undefined],
    ['not javascript at all; await', undefined],
  ])('of %j is at %j', (text, expected) => {
    expect(firstTopLevelAwait(text)).toBe(expected)
  })

  test('agrees with esbuild, which refuses top-level await in CommonJS', () => {
    const inside = constantFrom<string[]>(
      'await 1',
      'await [x]',
      'f(await (1))',
      'for await (const x of y) {}',
      '() => await_(1)',
      'async () => await 1',
      '(async function f() { await 1 })',
      '({ async m() { await 1 }, await: 1 })',
      '(class { async #m() { await 1 } static x = 1 })',
      'var s = "await 1"',
      '`${1} await`',
      '`${async () => await 1}`',
      '/await 1/.test(s)',
      '// await 1',
      '/* await 1 */',
    )
    const around = constantFrom(
      (text: string) => text,
      (text: string) => `{\n${text}\n}`,
      (text: string) => `if (x) {\n${text}\n}`,
      (text: string) => `(async function () {\n${text}\n})`,
      (text: string) => `for (;;) {\n${text}\n}`,
    )
    const part = array(around, { maxLength: 2 }).chain((arounds) =>
      inside.map((text) => arounds.reduce((inner, wrapIn) => wrapIn(inner), text)),
    )

    fcAssert(
      property(array(part, { maxLength: 5 }), (parts) => {
        const text = parts.map((one) => `${one}\n;`).join('\n')

        expect(firstTopLevelAwait(text)).toBe(oracle(text))
      }),
      { numRuns: 150 },
    )
  })
})

/** The offset at which esbuild says that top-level await is not available. */
function oracle(text: string): number | undefined {
  try {
    transformSync(text, { format: 'cjs', logLevel: 'silent' })
    return undefined
  } catch (error) {
    const { errors } = error as { errors: { location: { line: number; column: number } }[] }
    const [first] = errors
    if (first === undefined) throw error
    const before = text.split('\n').slice(0, first.location.line - 1)
    return before.join('\n').length + (before.length > 0 ? 1 : 0) + first.location.column
  }
}
