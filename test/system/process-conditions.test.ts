import { describe, expect, test } from 'vitest'
import { processConditions } from '../../src/system/process-conditions.ts'

describe('processConditions()', () => {
  test('reads both spellings from the arguments of node', () => {
    const conditions = processConditions(['--conditions=dev', '-C', 'edge', '--inspect'], undefined)

    expect(conditions).toEqual(['dev', 'edge'])
  })

  test('reads NODE_OPTIONS first and names each condition once', () => {
    const conditions = processConditions(
      ['--conditions=dev'],
      '--max-old-space-size=64 --conditions dev -C a',
    )

    expect(conditions).toEqual(['dev', 'a'])
  })

  test('takes nothing from a flag without a value', () => {
    expect(processConditions(['--conditions'], '')).toEqual([])
  })
})
