import { expect, test } from 'vitest'
import type { BuildMessage } from '../../src/bundle/build-message.ts'
import { renderWarning } from '../../src/cli/render-warning.ts'

const WARNING: BuildMessage = {
  text: 'The "x" case appears twice',
  id: 'duplicate-case',
  pluginName: '',
  location: { file: 'src/a.ts', line: 3, column: 8, length: 3 },
  frame: '> 3 |   case "x":',
  notes: [
    { text: 'The first one is here:', location: { file: 'src/a.ts', line: 2, column: 8 } },
    { text: 'Remove one of them', location: null },
  ],
}

test('renderWarning() says where, shows the code, and adds the notes', () => {
  const text = renderWarning(WARNING)

  expect(text.split('\n')).toEqual([
    'src/a.ts:3:8: The "x" case appears twice',
    '> 3 |   case "x":',
    '  note: The first one is here: (src/a.ts:2:8)',
    '  note: Remove one of them',
  ])
})

test('renderWarning() prints a warning about no file as its text', () => {
  const text = renderWarning({ ...WARNING, location: null, frame: null, notes: [] })

  expect(text).toBe('The "x" case appears twice')
})
