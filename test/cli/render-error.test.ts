import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, test } from 'vitest'
import { SomonError } from '../../src/base/error.ts'
import { renderError, type Paint } from '../../src/cli/render-error.ts'

const PACKAGE = dirname(dirname(import.meta.dirname))
const plain: Paint = (_style, text) => text

describe('renderError()', () => {
  test('shows the frames of the program, and those inside somon only when asked', () => {
    const own = [
      `at run (${pathToFileURL(join(PACKAGE, 'src/evaluate/execute.ts')).href}:1:1)`,
      `at bound (${join(PACKAGE, 'dist/evaluate/execute.js')}:1:1)`,
      `at deep (${join(PACKAGE, 'node_modules/esbuild/lib/main.js')}:1:1)`,
      'at process.processTicksAndRejections (node:internal/process/task_queues:104:5)',
      'at Generator.next (<anonymous>)',
    ]
    const cause = new Error('boom')
    cause.stack = ['Error: boom', 'at user (/app/main.ts:1:1)', ...own].join('\n    ')
    const error = new SomonError('SOMON_X', 'Cannot start', 'Mend it', {}, { cause })

    const brief = renderError(error, plain)
    const complete = renderError(error, plain, true)

    expect(brief).toBe(
      'SOMON_X  Cannot start\n  fix: Mend it\n' +
        '  caused by: Error: boom\n      at user (/app/main.ts:1:1)',
    )
    for (const frame of own) expect(complete).toContain(frame)
  })

  test('leaves out a cause that says nothing new', () => {
    const cause = new Error('bad key')
    cause.stack = `Error: bad key\n    at f (${join(PACKAGE, 'dist/config/toml.js')}:1:1)`
    const error = new SomonError('SOMON_X', 'Cannot read: bad key', 'Mend it', {}, { cause })

    expect(renderError(error, plain)).not.toContain('caused by')
    expect(renderError(error, plain, true)).toContain('toml.js')
  })

  test('says a place and a message once', () => {
    const location = { file: 'a.ts', line: 2, column: 3 }
    const part = new SomonError('SOMON_P', 'no key "x"', 'Set y', {}, { location })
    const whole = new SomonError('SOMON_X', 'Cannot use: no key "x"', 'See', {}, { errors: [part] })
    const placed = new SomonError('SOMON_Y', 'Cannot (a.ts:2:3)', 'Mend', {}, { location })
    const framed = new SomonError('SOMON_Z', 'No', '', {}, { location, frame: 'a.ts:2:3\n> 2 | x' })

    expect(renderError(whole, plain).split('no key "x"')).toHaveLength(2)
    expect(renderError(whole, plain)).toContain('at a.ts:2:3')
    expect(renderError(whole, plain)).toContain('fix: Set y')
    for (const error of [placed, framed]) {
      expect(renderError(error, plain).split('a.ts:2:3')).toHaveLength(2)
    }
  })
})
