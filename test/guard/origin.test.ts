import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addressOf, originOf } from '../../src/guard/origin.ts'

describe('originOf()', () => {
  test.each([
    ['https://api.pay.example', 'https://api.pay.example'],
    ['HTTPS://API.Pay.Example:443/v1?x=1#y', 'https://api.pay.example'],
    ['http://api.pay.example:80', 'http://api.pay.example'],
    ['http://api.pay.example:443', 'http://api.pay.example:443'],
    ['https://api.pay.example:80', 'https://api.pay.example:80'],
    ['https://api.pay.example.', 'https://api.pay.example'],
    ['https://api.pay.example.:8443/', 'https://api.pay.example:8443'],
    ['https://user:secret@api.pay.example', 'https://api.pay.example'],
    ['http://[::1]:3000/', 'http://[::1]:3000'],
    ['http://[0:0:0:0:0:0:0:1]', 'http://[::1]'],
    ['http://127.1:8080', 'http://127.0.0.1:8080'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
    ['http://./', 'http://.'],
  ])('of %s is %s', (address, origin) => {
    const found = originOf(address)

    expect(found).toBe(origin)
    expect(originOf(new URL(address))).toBe(origin)
  })

  test.each(['', 'payments', '//host', 'ftp://host', 'null', 'http://', 'http://a b', 'data:,x'])(
    'is undefined for %j',
    (address) => {
      expect(originOf(address)).toBeUndefined()
    },
  )

  test('gives itself again, and never throws, whatever comes', () => {
    const rubbish = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((text) => `http://${text}`),
      fc.string({ unit: 'binary' }).map((text) => `https://${text}:443/`),
      fc.webUrl(),
      fc.ipV6().map((ip) => `http://[${ip}]:80`),
    )

    fc.assert(
      fc.property(rubbish, (address) => {
        const origin = originOf(address)
        if (origin === undefined) return
        expect(originOf(origin)).toBe(origin)
        expect(origin).toBe(origin.toLowerCase())
        expect(origin).not.toMatch(/[@/?#]$|\/\/.*[@/?#]/)
      }),
      { numRuns: 5000 },
    )
  })

  test('is the same however host and port are written', () => {
    const label = fc.stringMatching(/^[a-z][a-z0-9]{0,8}$/)
    const parts = fc.record({
      labels: fc.array(label, { minLength: 1, maxLength: 4 }),
      tls: fc.boolean(),
      port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }),
      path: fc.webPath(),
    })

    fc.assert(
      fc.property(parts, fc.boolean(), fc.boolean(), ({ labels, tls, port, path }, up, dot) => {
        const host = labels.join('.')
        const standard = tls ? 443 : 80
        const tail = port === undefined || port === standard ? '' : `:${port}`
        const written = `${up ? host.toUpperCase() : host}${dot ? '.' : ''}`
        const origin = originOf(`http${tls ? 's' : ''}://${written}:${port ?? standard}${path}`)

        expect(origin).toBe(`http${tls ? 's' : ''}://${host}${tail}`)
        expect(addressOf(origin ?? '')).toBe(`${host}:${port ?? standard}`)
      }),
    )
  })
})
