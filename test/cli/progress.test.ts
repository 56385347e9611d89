import { describe, expect, test } from 'vitest'
import { Output } from '../../src/cli/output.ts'
import { startProgress } from '../../src/cli/progress.ts'

describe('startProgress()', () => {
  test('draws on a terminal, within its width, and leaves nothing behind', () => {
    const written = draw({ isTTY: true, json: false })

    expect(written).toEqual(['\r\u001B[2Kfirst', '\r\u001B[2Ksecond li', '\r\u001B[2K'])
  })

  test.each([[{ isTTY: false, json: false }], [{ isTTY: true, json: true }]])(
    'writes nothing with %j',
    (how) => {
      expect(draw(how)).toEqual([])
    },
  )
})

function draw({ isTTY, json }: { isTTY: boolean; json: boolean }): string[] {
  const written: string[] = []
  const stream = { isTTY, columns: 10, write: (text: string) => written.push(text) }
  const output = new Output({
    ...{ command: 'check', out: stream, err: stream, json },
    level: 'info',
    color: false,
  })
  {
    using progress = startProgress(output, 'first')
    progress.update('second line')
  }
  return written
}
