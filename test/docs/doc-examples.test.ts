import { describe, expect, test } from 'vitest'
import { examplesOf } from '../support/doc-examples.ts'

const page = `
# Page

\`\`\`ts
// src/hello.ts
export const hello = 'hi'
\`\`\`

\`\`\`ts
const notRun = 1
\`\`\`

\`\`\`ts runs
console.log(1) // prints: 1
console.log('a b') // prints: a b
\`\`\`
`

describe('examplesOf()', () => {
  test('finds programs, the files shown before them, and what they print', () => {
    const examples = examplesOf({ file: 'page.md', text: page })

    expect(examples).toHaveLength(1)
    expect(examples[0]).toMatchObject({
      page: 'page.md',
      line: 14,
      files: [{ path: 'src/hello.ts' }],
      prints: ['1', 'a b'],
      untilStopped: false,
    })
  })

  test('knows a program that goes on until it is stopped', () => {
    const text = `\`\`\`ts runs until-stopped\nserve() // prints: serving\n\`\`\`\n`

    expect(examplesOf({ file: 'page.md', text })[0]?.untilStopped).toBe(true)
  })

  test('gives a program no file that the page shows later', () => {
    const text = `${page}\n\`\`\`toml\n# Component.toml\n\`\`\`\n`

    expect(examplesOf({ file: 'page.md', text })[0]?.files).toHaveLength(1)
  })
})
