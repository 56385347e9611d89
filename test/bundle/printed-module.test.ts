import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { build } from 'esbuild'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { lex } from '../../src/bundle/lexer.ts'
import { readPrinted } from '../../src/bundle/printed-module.ts'

const src = join(import.meta.dirname, '../../src')

/** What esbuild prints for a file of ours, with everything but packages in it. */
async function printed(file: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(src, file)],
    ...({ bundle: true, write: false, format: 'esm', platform: 'node' } as const),
    packages: 'external',
  })
  return outputFiles[0]?.text ?? ''
}

/** What the lexer reads, in the form that is compared. */
function lexed(text: string) {
  const { imports, dynamic, metas, exports, exportStarts, hasModuleSyntax } = lex(text)
  return { imports, dynamic, metas, exports, exportStarts, hasModuleSyntax }
}

/** Whether a text is read as the lexer reads it, or left to it. */
function judge(text: string): 'right' | 'wrong' | 'left' {
  const read = readPrinted(text)
  if (read === undefined) return 'left'
  const { isAwaitFree: _, ...module } = read
  return isDeepStrictEqual(module, lexed(text)) ? 'right' : 'wrong'
}

const LIST = 'export {\n  a,\n  b as c,\n  c as default\n};\n'
const USES = [
  'import { fetch } from "undici"',
  "import('node:buffer').File",
  'import.meta.url',
  'import "x"',
  'import a, { b } from "x"',
  'import defer * as a from "x"',
]

describe('readPrinted()', () => {
  test.each([
    'load/validate.ts',
    'load/sync-fs.ts',
    'watch/watcher.ts',
    'config/sources.ts',
    'base/units.ts',
  ])('reads of %s what the lexer reads', async (file) => {
    const text = await printed(file)

    const read = readPrinted(text)

    expect(read).toMatchObject(lexed(text))
  })

  test.each([
    ['nothing', ''],
    ['no exports', 'var a = 1;\n'],
    ['a list of exports', `var a = 1, b, c;\n${LIST}`],
    [
      'each form of import',
      `import "m";\nimport d from "m";\nimport * as s from "node:fs";
import {\n  x,\n  default as y\n} from "m";\nimport e, { f as g } from "m";
import h, * as i from "@a/b.js";\n${LIST}`,
    ],
    [
      'an import between statements',
      `var a = 1;\nimport { d } from "m";\nfunction c() {\n}\n${LIST}`,
    ],
  ])('reads %s as the lexer does', (_, text) => {
    const read = readPrinted(text)

    expect(read).toMatchObject(lexed(text))
  })

  test.each([
    ['a string', (use: string) => `a = ${JSON.stringify(use)};`],
    ['a template', (use: string) => `a = \`\n${use};\n\`;`.replaceAll('.File', '')],
    ['a comment at the end of a line', (use: string) => `a(); // ${use}`],
    ['a comment of several lines', (use: string) => `/*! \n * ${use}\n */`],
    ['a regular expression', (use: string) => `a = /${use.replaceAll(/[(){*]/g, '.')}/;`],
  ])('passes over whatever uses of the word stand in %s', (where, around) => {
    const texts = USES.map((use) => `var a, b, c;\n${around(use)}\n${LIST}`)

    const judged = texts.map((text) => judge(text))

    // What looks like a whole statement in every way is not worth telling apart.
    const left = judged.filter((verdict) => verdict === 'left')
    expect(left).toHaveLength(where === 'a template' ? 3 : 0)
    expect(judged).not.toContain('wrong')
  })

  test.each([
    ['import() of an expression', 'var a = () => import(b);\n'],
    ['import() in a template', 'var a = `${import("b")}`;\n'],
    ['import() behind a string with the word', 'var a = "import x"+import(b);\n'],
    ['import.meta', 'var a = import.meta.url;\n'],
    ['import.meta behind a string with the word', 'var a = "import x"+import.meta,b;\n'],
    ['a member of that name', 'a.import(b);\n'],
    ['top-level await beside an import', 'import a from "m";\nawait a;\n'],
    ['an import with attributes', 'import a from "m" with { type: "json" };\n'],
    ['an import with escapes', 'import a from "\\u00e9";\n'],
    ['a deferred import', 'import defer * as a from "m";\n'],
    ['a name in quotes', 'import { "a b" as a } from "m";\n'],
    ['an exported name in quotes', 'var a;\nexport {\n  a as "a b"\n};\n'],
    ['a passed on import', 'export * from "m";\n'],
    ['passed on names', 'export { a } from "m";\n'],
    ['an exported import', 'import { a } from "m";\nexport {\n  a as b\n};\n'],
    ['an exported namespace', 'import * as a from "m";\nexport {\n  a\n};\n'],
    ['a default export', 'export default a();\n'],
    ['an indented export', '  export { a };\n'],
    ['code behind the list of exports', `${LIST}a();\n`],
    ['a hashbang', '#!/usr/bin/env node\nvar a;\n'],
    ['an import statement in a template', 'var a = `\nimport b from "m";\n`;\n'],
    ['an import statement in a comment', '/*\nimport b from "m";\n*/\n'],
    [
      'one real import statement and one in a template',
      'import c from "m";\nvar a = `\nimport b from "m";\n`;\n',
    ],
    ['the word that is put in its place', 'var a = "#mport";\n'],
  ])('leaves %s to the lexer', (_, text) => {
    const read = readPrinted(text)

    expect(read).toBeUndefined()
  })

  test('says that there is no top-level await only when that was compiled', () => {
    const texts = ['var a;\nawait a;\n', 'import a from "m";\na(async () => await b);\n']

    const [unknown, free] = texts.map((text) => readPrinted(text)?.isAwaitFree)

    expect([unknown, free]).toEqual([false, true])
  })

  test('reads nothing else than the lexer, whatever stands beside what', () => {
    const seen = { right: 0, left: 0, wrong: 0 }
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...LINES), { maxLength: 6 }), (lines) => {
        const text = lines.map((line, at) => line.replaceAll('#', String(at))).join('\n')
        seen[judge(`${text}\n`)] += 1
      }),
      { numRuns: 3_000 },
    )
    expect(seen.wrong).toBe(0)
    expect(Math.min(seen.right, seen.left)).toBeGreaterThan(300)
  })
})

/** Whole statements, with a number for `#`: any list of them is a module. */
const LINES = [
  ...[
    'import a# from "m";',
    'import "m";',
    'import * as b# from "m";',
    'import {\n  c as c#\n} from "m";',
  ],
  ...['import(x);', 'import.meta.url;', 'f(() => import("m"));', 'f`${import.meta.url}`;'],
  ...[
    'a("import x from");',
    "a('import(x)', 'import.meta');",
    'a("import {", `import`, "import(");',
  ],
  ...[
    'b = `\nimport b from "m";\n`;',
    'b = `\n  import(x)\n${`import ${x} from`}`;',
    'b = `// ${f(x)} import(`;',
  ],
  ...[
    '// import(x)',
    '// ` import a from "m";',
    '/*! import.meta\nimport c from "m";\n*/',
    '/* ` */',
  ],
  ...['c = /import(.)/;', 'c = /`/.test("import(");', "c = a / b / f('/', import.meta);"],
  ...[
    '{\n  let d = "}";\n}',
    'function e#() {\n  return "import(";\n}',
    'class f# {\n  #import = 1;\n}',
  ],
  ...['async () => await import("m");', 'await x;', 'x.import(y);', 'x = { import: "import(" };'],
]
