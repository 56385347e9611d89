/** What a module does that could keep its generation in memory. */
export const leakKinds = [
  'cjs',
  'esm',
  'json',
  'timers',
  'server',
  'worker',
  'process listener',
  'tla',
  'circular',
  'external',
  'guarded',
  'failing',
  'thrown error kept',
] as const

export type LeakKind = (typeof leakKinds)[number]

/** Stands in each module where an edit would change it. */
export const REVISION_MARKER = 7_000_000

/** About 3 KB of code and 12 KB of state. */
const BALLAST = `const state = Array.from({ length: 1500 }, (_, i) => i + ${REVISION_MARKER})
const helpers = [${Array.from({ length: 40 }, (_, at) => `(x: number) => state[x % 1500]! + ${REVISION_MARKER} + ${at}`).join(',\n')}]
export function helper(x: number): number { return helpers[x % 40]!(x) }
`

/** The files of a project whose module is of one kind; the entry is `src/<first file>`. */
export function leakSources(kind: LeakKind): Readonly<Record<string, string>> {
  if (kind === 'cjs') {
    const ballast = BALLAST.replace('export ', '').replaceAll(': number', '').replaceAll('!', '')
    return {
      'main.cjs': `${ballast}const path = require('node:path')\nmodule.exports = { use: () => helper(1), path }`,
    }
  }
  if (kind === 'json') {
    return {
      'main.json': JSON.stringify({
        revision: REVISION_MARKER,
        list: Array.from({ length: 1500 }, (_, at) => at),
      }),
    }
  }
  if (kind === 'circular') {
    return {
      'main.ts': `import { other } from './other.ts'\n${BALLAST}export const use = () => other()`,
      'other.ts': `import { helper } from './main.ts'\nexport const other = (): number => helper(1)`,
    }
  }
  return {
    'main.ts': `${BALLAST}export function use(): number { return helper(1) }\n${bodyOf(kind)}`,
  }
}

function bodyOf(kind: Exclude<LeakKind, 'cjs' | 'json' | 'circular'>): string {
  switch (kind) {
    case 'esm':
      return 'export class Box { #v = state; get v() { return this.#v } }\nexport const file = import.meta.filename'
    case 'timers':
      return 'setInterval(() => helper(1), 1000); setTimeout(() => helper(1), 60000); setImmediate(() => helper(2)); clearTimeout(setTimeout(use, 1000))'
    case 'server':
      return "import { createServer } from 'node:http'\nconst server = createServer((_, response) => { response.end(String(helper(1))) }).listen(0, '127.0.0.1')"
    case 'worker':
      return "import { Worker } from 'node:worker_threads'\nconst worker = new Worker('setInterval(() => {}, 1000)', { eval: true }); worker.on('message', () => helper(1))"
    case 'process listener':
      return "process.on('message', () => helper(1)); process.once('beforeExit', () => helper(1))"
    case 'tla':
      return 'export const value = await Promise.resolve(helper(1)); for await (const x of [1, 2]) await x'
    case 'external':
      return "import * as dependency from 'dependency'\nexport const kept = dependency.make(1)"
    case 'guarded':
      return "import { call } from 'dependency'\nexport const called = call(() => helper(1))\ncall(() => new Promise(() => helper(2))).catch(() => {})"
    case 'failing':
    case 'thrown error kept':
      return 'setInterval(() => helper(1), 1000); function fail(): never { throw new Error(String(state[0]), { cause: new TypeError("inner") }) }\nfail()'
    default:
      return kind satisfies never
  }
}
