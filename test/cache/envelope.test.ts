import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Secret } from '../../src/base/secret.ts'
import { open, openUnproven, seal } from '../../src/cache/envelope.ts'

const SECRET = new Secret('a secret of more than thirty-two bytes')
const KEY = 'blobs/ab12'
const bindings = fc.constantFrom(
  { key: KEY, secret: undefined },
  { key: 'code/ffee', secret: SECRET },
  { key: 'keys/ab12', secret: undefined },
  { key: 'keys/ab12.h', secret: undefined },
  { key: 'keys/ab12', secret: SECRET },
)
const payloads = fc.uint8Array({ maxLength: 300 })

describe('open()', () => {
  test('returns what was sealed', () => {
    fc.assert(
      fc.property(payloads, bindings, (payload, binding) => {
        const opened = open(seal(payload, binding), binding)

        expect(opened && Buffer.from(opened)).toEqual(Buffer.from(payload))
      }),
    )
  })

  test('refuses an envelope with any single bit changed', () => {
    const payload = new TextEncoder().encode('export const answer = 42, more = [1, 2, 3]')
    const keys = [KEY, 'keys/ab12', 'keys/ab12.h']
    for (const binding of keys.flatMap((key) => [
      { key, secret: undefined },
      { key, secret: SECRET },
    ])) {
      const sealed = seal(payload, binding)
      const bits = Array.from({ length: sealed.byteLength * 8 }, (_, bit) => bit)

      const opened = bits.filter((bit) => {
        const changed = Buffer.from(sealed)
        changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7))
        return open(changed, binding) !== undefined
      })

      expect(opened).toEqual([])
    }
  })

  test('refuses an envelope with any bits of a byte flipped', () => {
    fc.assert(
      fc.property(
        payloads,
        bindings,
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (payload, binding, at, mask) => {
          const sealed = seal(payload, binding)
          const index = at % sealed.byteLength
          sealed[index] = (sealed[index] ?? 0) ^ mask

          expect(open(sealed, binding)).toBeUndefined()
        },
      ),
    )
  })

  test('refuses every truncation', () => {
    fc.assert(
      fc.property(payloads, bindings, fc.nat(), (payload, binding, at) => {
        const sealed = seal(payload, binding)

        const opened = open(sealed.subarray(0, at % sealed.byteLength), binding)

        expect(opened).toBeUndefined()
      }),
    )
  })

  test('refuses every extension', () => {
    fc.assert(
      fc.property(payloads, bindings, fc.uint8Array({ minLength: 1 }), (payload, binding, more) => {
        const sealed = Buffer.concat([seal(payload, binding), more])

        expect(open(sealed, binding)).toBeUndefined()
      }),
    )
  })

  test('refuses random bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), bindings, (bytes, binding) => {
        expect(open(bytes, binding)).toBeUndefined()
      }),
    )
  })

  test.each([
    [KEY, 'blobs/ab13'],
    ['keys/ab12', 'keys/ab13'],
    [KEY, 'keys/ab12'],
    ['keys/ab12', KEY],
    ['keys/ab12', 'keys/ab12.h'],
  ])('refuses an envelope of %s stored under %s', (key, other) => {
    const sealed = seal(Buffer.from('code'), { key, secret: undefined })

    const opened = open(sealed, { key: other, secret: undefined })

    expect(opened).toBeUndefined()
  })

  test('hashes a record whose name says so, and keeps any other twice', () => {
    const sizes = ['keys/ab12', 'keys/ab12.h', KEY].map(
      (key) => seal(new Uint8Array(100), { key, secret: undefined }).byteLength,
    )

    expect(sizes).toEqual([225, 148, 148])
  })

  test('refuses a record whose copies differ in anything', () => {
    fc.assert(
      fc.property(payloads, payloads, (one, other) => {
        fc.pre(one.length === other.length && !Buffer.from(one).equals(other))
        const binding = { key: 'keys/ab12', secret: undefined }
        const [sealed, foreign] = [seal(one, binding), seal(other, binding)]
        const mixed = Buffer.concat([
          sealed.subarray(0, sealed.byteLength - one.length),
          foreign.subarray(sealed.byteLength - one.length),
        ])

        expect(open(mixed, binding)).toBeUndefined()
      }),
    )
  })

  test('refuses another secret, a missing one and an unexpected one', () => {
    const payload = Buffer.from('code')
    const signed = seal(payload, { key: KEY, secret: SECRET })
    const plain = seal(payload, { key: KEY, secret: undefined })

    const opened = [
      open(signed, { key: KEY, secret: new Secret('another secret, also long enough') }),
      open(signed, { key: KEY, secret: undefined }),
      open(plain, { key: KEY, secret: SECRET }),
    ]

    expect(opened).toEqual([undefined, undefined, undefined])
  })
})

describe('openUnproven()', () => {
  test('returns what was sealed, changed or not', () => {
    const sealed = seal(Buffer.from('code'), { key: KEY, secret: undefined })
    const last = sealed.byteLength - 1
    sealed[last] = (sealed[last] ?? 0) ^ 1

    const opened = openUnproven(sealed, { key: KEY, secret: undefined })

    expect(Buffer.from(opened ?? []).toString()).toBe('codd')
  })

  test('refuses every truncation, every extension and any other header', () => {
    fc.assert(
      fc.property(payloads, bindings, fc.nat(), (payload, binding, at) => {
        const sealed = seal(payload, binding)
        const header = Buffer.from(sealed)
        header[at % 16] = (header[at % 16] ?? 0) ^ 1

        expect(openUnproven(sealed.subarray(0, at % sealed.byteLength), binding)).toBeUndefined()
        expect(openUnproven(Buffer.concat([sealed, sealed]), binding)).toBeUndefined()
        expect(openUnproven(header, binding)).toBeUndefined()
      }),
    )
  })
})
