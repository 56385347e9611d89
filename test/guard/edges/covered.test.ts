import { describe, expect, test } from 'vitest'
import { CoveredAddresses } from '../../../src/guard/edges/covered.ts'

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
})
