import { Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { gatherWrites } from '../../src/bundle/esbuild-process.ts'

function recording(): { readonly stream: Writable; readonly writes: string[][] } {
  const writes: string[][] = []
  const stream = new Writable({
    write: (chunk, _encoding, done) => {
      writes.push([String(chunk)])
      done()
    },
    writev: (chunks, done) => {
      writes.push(chunks.map(({ chunk }) => String(chunk)))
      done()
    },
  })
  gatherWrites(stream)
  return { stream, writes }
}

describe('gatherWrites()', () => {
  test('sends what one turn writes in one go, in order, and tells each writer', async () => {
    const { stream, writes } = recording()
    const told: string[] = []

    for (const text of ['a', 'b', 'c']) stream.write(text, () => told.push(text))
    await new Promise(setImmediate)
    stream.write('d')
    await new Promise(setImmediate)

    expect(writes).toEqual([['a', 'b', 'c'], ['d']])
    expect(told).toEqual(['a', 'b', 'c'])
  })

  test('gathers what promises of one turn write', async () => {
    const { stream, writes } = recording()

    await Promise.all(['a', 'b'].map((text) => Promise.resolve().then(() => stream.write(text))))
    await new Promise(setImmediate)

    expect(writes).toEqual([['a', 'b']])
  })
})
