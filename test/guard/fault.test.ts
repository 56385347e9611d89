import { describe, expect, test } from 'vitest'
import { checkedFault, checkOptions, FAULT_KINDS, type Fault } from '../../src/guard/fault.ts'

const upstream = { host: '127.0.0.1', port: 80 }

describe('checkedFault()', () => {
  test.each<Fault>([
    { kind: 'latency', ms: 0 },
    { kind: 'latency', ms: 2 ** 31 - 1, jitterMs: 0.5, direction: 'to-client' },
    { kind: 'bandwidth', bytesPerSecond: 1, direction: 'both' },
    { kind: 'reset' },
    { kind: 'reset', afterBytes: 0 },
    { kind: 'cut', afterBytes: 10 },
    { kind: 'slow-close', ms: 1 },
    { kind: 'blackhole' },
    { kind: 'refuse' },
  ])('returns a frozen copy of %j', (fault) => {
    const checked = checkedFault(fault)

    expect(checked).toEqual(fault)
    expect(checked).not.toBe(fault)
    expect(Object.isFrozen(checked)).toBe(true)
  })

  test.each([
    [undefined, 'fault (missing)'],
    ['latency', 'fault "latency"'],
    [{}, 'fault.kind (missing)'],
    [{ kind: 'toString' }, 'fault.kind "toString"'],
    [{ kind: 'latency' }, 'fault.ms (missing)'],
    [{ kind: 'latency', ms: -1 }, 'fault.ms -1'],
    [{ kind: 'latency', ms: Number.NaN }, 'fault.ms NaN'],
    [{ kind: 'latency', ms: 2 ** 31 }, 'fault.ms 2147483648'],
    [{ kind: 'latency', ms: 1, jitterMs: '5' }, 'fault.jitterMs "5"'],
    [{ kind: 'latency', ms: 1, direction: 'up' }, 'fault.direction "up"'],
    [{ kind: 'bandwidth', bytesPerSecond: 0 }, 'fault.bytesPerSecond 0'],
    [{ kind: 'bandwidth', bytesPerSecond: 1.5 }, 'fault.bytesPerSecond 1.5'],
    [{ kind: 'reset', afterBytes: -1 }, 'fault.afterBytes -1'],
    [{ kind: 'cut', afterBytes: {} }, 'fault.afterBytes of this shape'],
    [{ kind: 'slow-close' }, 'fault.ms (missing)'],
    [{ kind: 'refuse', ms: 1 }, 'fault.ms 1 for a fault proxy: expected no such field'],
    [{ kind: 'slow-close', ms: 1, Ms: 1 }, 'expected the field fault.ms'],
  ])('refuses %j and says %s', (fault, text) => {
    const check = (): Fault => checkedFault(fault as Fault)

    expect(check).toThrow(expect.objectContaining({ code: 'SOMON_GUARD_PROXY_OPTION' }))
    expect(check).toThrow(text)
  })
})

describe('checkOptions()', () => {
  test('accepts every option', () => {
    const clock = { now: () => 0, elapsed: () => 0, schedule: () => ({ cancel() {} }) }

    const check = (): void => checkOptions({ upstream, host: '::1', random: () => 0, clock })

    expect(check).not.toThrow()
  })

  test.each([
    [{}, 'upstream (missing)'],
    [{ upstream: 'localhost:80' }, 'upstream "localhost:80"'],
    [{ upstream: { host: '', port: 80 } }, 'upstream.host ""'],
    [{ upstream: { host: 'a', port: 0 } }, 'upstream.port 0'],
    [{ upstream: { host: 'a', port: 65_536 } }, 'upstream.port 65536'],
    [{ upstream: { host: 'a', port: '80' } }, 'upstream.port "80"'],
    [{ upstream: { ...upstream, path: '/' } }, 'upstream.path "/"'],
    [{ upstream, host: '' }, 'host ""'],
    [{ upstream, random: 0.5 }, 'random 0.5'],
    [{ upstream, clock: 1 }, 'clock 1'],
    [{ upstream, hots: 'a' }, 'hots "a" for a fault proxy: expected the field host'],
  ])('refuses %j and says %s', (options, text) => {
    const check = (): void => checkOptions(options)

    expect(check).toThrow(expect.objectContaining({ code: 'SOMON_GUARD_PROXY_OPTION' }))
    expect(check).toThrow(text)
  })
})

test('FAULT_KINDS names every fault once', () => {
  expect(FAULT_KINDS.toSorted()).toEqual(
    ['bandwidth', 'blackhole', 'cut', 'latency', 'refuse', 'reset', 'slow-close'].toSorted(),
  )
})
