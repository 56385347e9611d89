import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { digest } from '../../src/base/digest.ts'
import {
  artifactFromBytes,
  artifactToBytes,
  metafileFromBytes,
  metafileToBytes,
} from '../../src/load/artifact-bytes.ts'
import { artifactOf } from './support/artifacts.ts'

describe('artifactFromBytes()', () => {
  test('returns every code unit of any code', () => {
    const units = fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 50 })
    const codes = units.map((list) => String.fromCharCode(...list))
    fc.assert(
      fc.property(codes, (code) => {
        const artifact = artifactOf(code)

        const read = artifactFromBytes(artifactToBytes(artifact), artifact.id)

        expect(read?.code === code).toBe(true)
      }),
    )
  })

  test('returns everything else as it was', () => {
    const artifact = artifactOf('x', { tla: { file: 'a.ts', line: 1, column: 2 } })

    expect(artifactFromBytes(artifactToBytes(artifact), artifact.id)).toEqual(artifact)
  })

  test('stores a Latin-1 code in one byte a character', () => {
    const small = artifactToBytes(artifactOf('é'.repeat(1000))).byteLength
    const large = artifactToBytes(artifactOf('é'.repeat(2000))).byteLength

    // The input's size is one digit of the header, the same for both.
    expect(large - small).toBe(1000)
  })

  test('freezes what it returns through and through', () => {
    const artifact = artifactFromBytes(artifactToBytes(artifactOf('x')), artifactOf('x').id)

    expect(Object.isFrozen(artifact)).toBe(true)
    expect(Object.isFrozen(artifact?.deps[0])).toBe(true)
    expect(Object.isFrozen(artifact?.builtBy)).toBe(true)
  })

  test('refuses an artifact of another name', () => {
    const bytes = artifactToBytes(artifactOf('x'))

    expect(artifactFromBytes(bytes, digest('other'))).toBeUndefined()
  })

  test('refuses every truncation that cuts the header, and never throws', () => {
    const artifact = artifactOf('')
    const bytes = artifactToBytes(artifact)

    for (let end = 0; end < bytes.byteLength; end += 1) {
      expect(artifactFromBytes(bytes.subarray(0, end), artifact.id)).toBeUndefined()
    }
    fc.assert(
      fc.property(fc.uint8Array(), (noise) => {
        expect(artifactFromBytes(noise, artifact.id)).toBeUndefined()
      }),
    )
  })
})

describe('artifactToBytes()', () => {
  test('does not depend on the order of members', () => {
    const artifact = artifactOf('x')
    const turned = Object.fromEntries(Object.entries(artifact).toReversed())

    expect(artifactToBytes({ ...artifact, ...turned }).equals(artifactToBytes(artifact))).toBe(true)
  })
})

describe('metafileFromBytes()', () => {
  test('reads back a graph and refuses anything else', () => {
    const metafile = { inputs: { 'a.ts': { bytes: 1, bytesInOutput: 1, imports: [] } } }

    expect(metafileFromBytes(metafileToBytes(metafile))).toEqual(metafile)
    expect(metafileFromBytes(Buffer.from('{"format":1}'))).toBeUndefined()
    expect(metafileFromBytes(Buffer.from('{'))).toBeUndefined()
  })
})
