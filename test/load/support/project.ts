/** The entry of the project. */
export const ENTRY = 'src/main.ts'

/** A project whose entry imports one file. */
export const FILES = {
  'package.json': '{"name":"app","type":"module"}',
  'src/main.ts': `import { a } from './a'\nexport const main = a\n`,
  'src/a.ts': 'export const a = 1\n',
}
