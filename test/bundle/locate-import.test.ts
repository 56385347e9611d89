import { describe, expect, test } from 'vitest'
import { locateImport } from '../../src/bundle/locate-import.ts'

describe('locateImport()', () => {
  test.each([
    ["import { a } from 'dep'", 1, 19],
    ["import'dep'", 1, 7],
    ["export * from 'dep'", 1, 15],
    ["const ä = 1; import 'dep'", 1, 21],
    ["x\r\ny\nawait import( 'dep' )", 3, 15],
    ["import {\n  a,\n} from\n  'dep'", 4, 3],
    ['const { a } = require("dep")', 1, 23],
  ])('finds the specifier in %j', (text, line, column) => {
    expect(locateImport(text, 'dep')).toEqual({ line, column, length: 5 })
  })

  test.each([
    ["// import 'dep'\nimport 'dep'", 2],
    ["/**\n * import 'dep'\n */\nimport 'dep'", 4],
    ["import type { T } from 'dep'\nimport { a } from 'dep'", 2],
    ["import type, { a } from 'dep'", 1],
    ["import type from 'dep'", 1],
    ["import 'deps'\nimport 'de.p'\nimport 'dep'", 3],
  ])('passes over what only looks like the import in %j', (text, line) => {
    expect(locateImport(text, 'dep')?.line).toBe(line)
  })

  test.each([
    ["import {\n  $a,\n  a as b,\n} from 'dep'", 3, 3, 1],
    ["import { c } from 'dep'\nimport { a } from 'dep'", 2, 10, 1],
    ["import { c } from 'a'\nimport all from 'dep'", 2, 17, 5],
  ])('finds the name in %j, else the specifier', (text, line, column, length) => {
    expect(locateImport(text, 'dep', 'a')).toEqual({ line, column, length })
  })

  test.each(['', "import 'other'", "import type { T } from 'dep'"])(
    'finds nothing in %j',
    (text) => {
      expect(locateImport(text, 'dep')).toBeUndefined()
    },
  )

  test('takes a specifier and a name as they are written', () => {
    expect(locateImport("import { $ } from 'a+b/(c).js'", 'a+b/(c).js', '$')).toEqual({
      line: 1,
      column: 10,
      length: 1,
    })
  })
})
