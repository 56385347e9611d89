import { describe, expect, test } from 'vitest'
import { declarationsOf, membersOf } from '../../scripts/docs/declarations.ts'

const source = `import type { A } from './a.ts'

/** Why something ended. */
export type Cause = 'bytes' | 'age'

export type Long =
  | { readonly a: 1 }
  | { readonly b: () => void }

/**
 * What is told.
 *
 * Second paragraph.
 */
export interface PartEvents {
  'part.started': { readonly id: number; readonly key: string }
  /** It ended; \`why\` says {how}. */
  'part.ended': Base & {
    /** A code such as \`}\`. */
    readonly why: Cause
    readonly more: readonly (readonly [string, number])[]
  }
  plain?: string
}

interface Base {
  readonly at: number
}

export declare function make<T extends { a: 1 }>(value: T): Map<string, T>;
`

describe('declarationsOf()', () => {
  const found = declarationsOf(source)

  test('finds each declaration with its kind', () => {
    expect(found.map(({ name, kind }) => `${kind} ${name}`)).toEqual([
      'type Cause',
      'type Long',
      'interface PartEvents',
      'interface Base',
      'function make',
    ])
  })

  test('takes docstrings without their stars, and none from a neighbour', () => {
    expect(found[0]?.doc).toBe('Why something ended.')
    expect(found[1]?.doc).toBe('')
    expect(found[2]?.doc).toBe('What is told.\n\nSecond paragraph.')
    expect(found[3]?.doc).toBe('')
  })

  test('cuts a declaration at its end', () => {
    expect(found[0]?.text).toBe("export type Cause = 'bytes' | 'age'")
    expect(found[1]?.text.endsWith('{ readonly b: () => void }')).toBe(true)
    expect(found[3]?.text).toBe('interface Base {\n  readonly at: number\n}')
    expect(found[4]?.text.endsWith('Map<string, T>;')).toBe(true)
  })
})

describe('membersOf()', () => {
  const members = membersOf(declarationsOf(source)[2]?.text ?? '')

  test('finds every member, quoted or not', () => {
    expect(members.map(({ name }) => name)).toEqual(['part.started', 'part.ended', 'plain'])
  })

  test('keeps types whole, with their own indentation', () => {
    expect(members[0]?.type).toBe('{ readonly id: number; readonly key: string }')
    expect(members[1]?.type).toMatch(/^Base & \{\n {2}\/\*\* A code/)
    expect(members[1]?.type.endsWith('\n}')).toBe(true)
    expect(members[2]?.type).toBe('string')
  })

  test('takes the docstring of each member', () => {
    expect(members[1]?.doc).toBe('It ended; `why` says {how}.')
    expect(members[2]?.doc).toBe('')
  })
})
