import { describe, expect, test } from 'vitest'
import { CoveredAddresses } from '../../../src/guard/edges/covered.ts'
import { FakeClock } from '../../support/fake-clock.ts'

describe('CoveredAddresses', () => {
  test('covers an address while a call to it is in flight', () => {
    const covered = new CoveredAddresses()

    const leaveOne = covered.enter('https://api.pay.example')
    const leaveOther = covered.enter('https://api.pay.example')

    expect(covered.covers('api.pay.example:443')).toBe(true)
    expect(covered.covers('api.pay.example:80')).toBe(false)
    leaveOne()
    leaveOne()
    expect(covered.covers('api.pay.example:443')).toBe(true)
    leaveOther()
    expect(covered.covers('api.pay.example:443')).toBe(false)
  })

  test('knows an address however its host is written', () => {
    const covered = new CoveredAddresses()

    covered.enter('http://[::1]:3000')
    covered.enter('http://api.pay.example')

    expect(covered.covers('[0:0:0:0:0:0:0:1]:3000')).toBe(true)
    expect(covered.covers('API.pay.example.:80')).toBe(true)
    expect(covered.covers('/run/api.pay.example:80')).toBe(false)
    expect(covered.covers('no address')).toBe(false)
  })

  test('knows the path of a Unix socket as it is written', () => {
    const covered = new CoveredAddresses()

    const leave = covered.enter('/run/Docker.sock')

    expect(covered.covers('/run/Docker.sock')).toBe(true)
    expect(covered.covers('/run/docker.sock')).toBe(false)
    leave()
    expect(covered.covers('/run/Docker.sock')).toBe(false)
  })

  test('covers an origin for five seconds after a connection to it was lost', async () => {
    const clock = new FakeClock()
    const covered = new CoveredAddresses(clock)

    covered.linger('https://api.pay.example')
    await clock.advance(3000)
    covered.linger('http://other.example')
    const early = [covered.covers('api.pay.example:443'), covered.covers('OTHER.example:80')]
    await clock.advance(2000)
    const later = [covered.covers('api.pay.example:443'), covered.covers('other.example:80')]
    covered.linger('http://other.example')
    await clock.advance(4999)
    const again = covered.covers('other.example:80')
    await clock.advance(1)

    expect(early).toEqual([true, true])
    expect(later).toEqual([false, true])
    expect([again, covered.covers('other.example:80')]).toEqual([true, false])
  })
})
