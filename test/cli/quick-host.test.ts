import { spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { text as textOf } from 'node:stream/consumers'
import { describe, expect, test } from 'vitest'
import { quickStream } from '../../src/cli/quick-host.ts'
import { createFixture } from '../support/fixture.ts'

describe('quickStream()', () => {
  test('writes to a file itself', async () => {
    await using fixture = await createFixture()
    const file = fixture.path('out.txt')
    const descriptor = openSync(file, 'w')

    const stream = quickStream(descriptor, {}, refuse)
    stream.write('ä\n')
    stream.write('b\n')

    closeSync(descriptor)
    expect(readFileSync(file, 'utf8')).toBe('ä\nb\n')
    expect(stream.isTTY).toBeUndefined()
  })

  test('writes to what Node gives a child for a pipe itself', async () => {
    const module = new URL('../../src/cli/quick-host.ts', import.meta.url)
    const script = `
      import { quickStream } from ${JSON.stringify(module.href)}
      quickStream(1, {}, () => { throw new Error('the real stream is not needed') }).write('a\\n')`

    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script])
    const said = await textOf(child.stdout)

    expect(said).toBe('a\n')
  })

  test('leaves what cannot be written to the real stream, and all that follows', async () => {
    await using fixture = await createFixture({ 'in.txt': '' })
    const descriptor = openSync(fixture.path('in.txt'), 'r')
    const said: string[] = []

    const stream = quickStream(descriptor, {}, () => ({ write: (text) => said.push(text) }))
    stream.write('a\n')
    stream.write('b\n')

    closeSync(descriptor)
    expect(said).toEqual(['a\n', 'b\n'])
  })

  test('is the real stream for a device and where colours are forced', async () => {
    await using fixture = await createFixture({ 'out.txt': '' })
    const descriptor = openSync(fixture.path('out.txt'), 'w')
    const device = openSync('/dev/null', 'w')
    const real = { write: () => true }

    expect(quickStream(device, {}, () => real)).toBe(real)
    expect(quickStream(descriptor, { FORCE_COLOR: '1' }, () => real)).toBe(real)

    closeSync(descriptor)
    closeSync(device)
  })
})

function refuse(): never {
  throw new Error('the real stream is not needed')
}
