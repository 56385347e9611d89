import type { Output } from './output.ts'

/** A line on the terminal that tells what is being done; it goes away when it is over. */
export interface Progress extends Disposable {
  update(text: string): void
}

/** Starts a line of progress; without a terminal nothing is ever written. */
export function startProgress(output: Output, text: string): Progress {
  const { stderr, interactive } = output
  const draw = (line: string): void => {
    if (interactive) stderr.write(`\r\u001B[2K${line.slice(0, (stderr.columns ?? 80) - 1)}`)
  }
  draw(text)
  return { update: draw, [Symbol.dispose]: () => draw('') }
}
