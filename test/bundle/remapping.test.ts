import { TraceMap, originalPositionFor } from '@jridgewell/trace-mapping'
import { describe, expect, test } from 'vitest'
import { mergeMaps, type SourceMapV3 } from '../../src/bundle/remapping.ts'

const map = (sources: string[], mappings: string): SourceMapV3 => ({
  version: 3,
  sources,
  names: [],
  mappings,
})

describe('mergeMaps()', () => {
  test('leads through every map to the first text', () => {
    const merged = mergeMaps([map(['c'], ';AAAA'), map(['b'], ';;AAAA'), map(['a'], 'AAEA')])

    const found = originalPositionFor(new TraceMap(merged), { line: 2, column: 0 })
    expect(found).toMatchObject({ source: null, line: null })
    const through = mergeMaps([map(['c'], ';AAEA'), map(['b'], ';;AAAA'), map(['a'], 'AAEA')])
    expect(originalPositionFor(new TraceMap(through), { line: 2, column: 0 })).toMatchObject({
      source: 'a',
      line: 3,
    })
  })

  test('takes the first source for the chain and the others for files of their own', () => {
    const merged = mergeMaps([map(['self', 'other'], 'AAAA,CCAA'), map(['origin'], 'AAEA')])

    const trace = new TraceMap(merged)
    expect(originalPositionFor(trace, { line: 1, column: 0 })).toMatchObject({
      source: 'origin',
      line: 3,
    })
    expect(originalPositionFor(trace, { line: 1, column: 1 })).toMatchObject({
      source: 'other',
      line: 1,
    })
  })

  test('refuses an empty list', () => {
    expect(() => mergeMaps([])).toThrow(RangeError)
  })
})
