import { Script } from 'node:vm'

/**
 * Finds the first top-level `await` of a module's text whose imports and exports are blanked.
 *
 * The text is compiled as `class{static{…}}`, where `await` is refused in every form: a plain
 * function would read `await [x]` as an element of a variable (docs/notes/node.md).
 * `arguments` is refused there too and is stepped over.
 *
 * @returns the offset of the word, or undefined when there is none
 */
export function firstTopLevelAwait(text: string): number | undefined {
  if (!text.includes('await') || !/\bawait\b/.test(text)) return undefined
  let code = text
  for (;;) {
    const refused = refusal(code)
    if (refused === undefined) return undefined
    if (code.startsWith('await', refused)) return refused
    if (!code.startsWith('arguments', refused)) return undefined
    code = `${code.slice(0, refused)}argument_${code.slice(refused + 'arguments'.length)}`
  }
}

/**
 * Tells whether a text is JavaScript without a top-level `await`, in the sense of
 * `firstTopLevelAwait`. False also for a text with a mention of `arguments` outside functions.
 */
export function compilesWithoutAwait(text: string): boolean {
  try {
    compile(text)
    return true
  } catch {
    return false
  }
}

const HEAD = 'class _{static{'

function compile(code: string): void {
  void new Script(`${HEAD}${code}\n}}`, { filename: 'await', columnOffset: -HEAD.length })
}

/** The offset at which the text cannot be the body of a static block. */
function refusal(code: string): number | undefined {
  try {
    compile(code)
    return undefined
  } catch (error) {
    return error instanceof SyntaxError ? offsetOf(error, code) : undefined
  }
}

/**
 * Reads the place out of the lines V8 puts before the stack: `await:3`, the line, the marker.
 * A line too long for V8's buffer comes without marker; the first word of its kind stands in.
 */
function offsetOf(error: SyntaxError, code: string): number | undefined {
  const [place = '', shown = '', marker = ''] = (error.stack ?? '').split('\n')
  const line = Number(/^await:(\d+)$/.exec(place)?.[1])
  if (!(line > 0)) return undefined
  const start = lineStart(code, line)
  const column = marker.indexOf('^')
  if (column >= 0) return start + column - (line === 1 && shown.startsWith(HEAD) ? HEAD.length : 0)
  const word = /\b(?:await|arguments)\b/g
  word.lastIndex = start
  return word.exec(code)?.index
}

function lineStart(code: string, line: number): number {
  const breaks = /\r\n|[\n\r\u2028\u2029]/g
  for (let number = 1; number < line; number += 1) breaks.exec(code)
  return line === 1 ? 0 : breaks.lastIndex
}
