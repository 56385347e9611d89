import { describe, expect, test } from 'vitest'
import { Output } from '../../src/cli/output.ts'

describe('Output', () => {
  test('prints durations in JSON to the microsecond, and other numbers whole', () => {
    const written: string[] = []
    const out = { write: (text: string) => written.push(text) }
    const names = { command: 'x', json: true, level: 'info', color: false } as const
    const output = new Output({ ...names, out, err: out })

    output.event({ durationMs: 12.345678901, ratio: 0.123456789 })
    output.result({ entries: [{ durationMs: 0.00049 }] }, '')

    expect(written.map((text) => JSON.parse(text) as unknown)).toEqual([
      { command: 'x', durationMs: 12.346, ratio: 0.123456789 },
      { ok: true, command: 'x', result: { entries: [{ durationMs: 0 }] } },
    ])
  })
})
