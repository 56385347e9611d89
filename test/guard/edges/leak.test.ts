import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const program = join(import.meta.dirname, 'support/edges-program.ts')

test('the HTTP and the socket edge leave nothing behind, however calls end', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [
    ...['--conditions=somon-source', '--expose-gc', program],
  ])

  const { alive, requests, ...left } = JSON.parse(stdout)
  expect(left).toEqual({
    ...{ uncaught: [], resources: [], channels: [] },
    inGuards: { inflight: 0, isCovered: false },
  })
  expect(requests).toBe(42)
  expect(alive).toBeLessThan(5)
})
