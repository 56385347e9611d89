import type { WrappedModule } from './wrapped.ts'

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
  'failing',
  'thrown error kept',
] as const

export type LeakKind = (typeof leakKinds)[number]

/** About 3 KB of code and 12 KB of state, different in each revision as edited code is. */
function ballast(revision: number): string {
  const functions = Array.from(
    { length: 40 },
    (_, at) => `function helper${at}(x) { return state[x % 1500] + ${revision} + ${at} }`,
  )
  return `const state = Array.from({ length: 1500 }, (_, i) => i + ${revision});${functions.join('\n')}`
}

/** The module of one kind, as the bundler would leave it. */
export function leakModule(kind: LeakKind, revision: number): WrappedModule {
  const module = moduleOf(kind, revision)
  return { ...module, body: `${ballast(revision)}\n${module.body}` }
}

function moduleOf(kind: LeakKind, revision: number): WrappedModule {
  const use = 'function use() { return helper0(1) }'
  const exports = { use: 'use' }
  switch (kind) {
    case 'esm':
      return { body: `class Box { #v = state; get v() { return this.#v } }\n${use}`, exports }
    case 'cjs':
      return {
        body: `var mod = { exports: {} };(function (exports, module) { module.exports = { use() { return helper0(1) } }; })(mod.exports, mod);const path = require("node:path")`,
        exports: { default: 'mod.exports', path: 'path' },
      }
    case 'json':
      return { body: `var data = { list: [1, 2, ${revision}] }`, exports: { default: 'data' } }
    case 'timers':
      return {
        body: `setInterval(() => helper0(1), 1000); setTimeout(() => helper1(1), 60000); setImmediate(() => helper2(1)); clearTimeout(setTimeout(use, 1000));${use}`,
        exports,
      }
    case 'server':
      return {
        body: `const server = createServer((_, response) => response.end(String(helper0(1)))).listen(0, '127.0.0.1');${use}`,
        imports: 'createServer=$d[0]["createServer"]',
        deps: [{ spec: 'node:http', names: ['createServer'] }],
        exports,
      }
    case 'worker':
      return {
        body: `const worker = new Worker('setInterval(() => {}, 1000)', { eval: true }); worker.on('message', () => helper0(1));${use}`,
        imports: 'Worker=$d[0]["Worker"]',
        deps: [{ spec: 'node:worker_threads', names: ['Worker'] }],
        exports,
      }
    case 'process listener':
      return {
        body: `process.on('message', () => helper0(1)); process.once('beforeExit', () => helper1(1));${use}`,
        exports,
      }
    case 'tla':
      return {
        body: `const value = await Promise.resolve(helper0(1)); for await (const x of [1, 2]) await x;${use}`,
        exports: { use: 'use', value: 'value' },
        tla: { file: 'entry.ts', line: 1, column: 1 },
      }
    case 'circular':
      return {
        body: `var a = { get other() { return b }, run() { return helper0(1) } }; var b = { get other() { return a }, run: use };${use}`,
        exports: { a: 'a', b: 'b', use: 'use' },
      }
    case 'external':
      return {
        body: `const kept = dependency.make(1);${use}`,
        imports: 'dependency=$d[0]',
        deps: [{ spec: 'dependency' }],
        exports,
      }
    case 'failing':
    case 'thrown error kept':
      return {
        body: `setInterval(() => helper0(1), 1000); function fail() { throw new Error('revision ${revision}', { cause: new TypeError('inner') }) }\nfail();${use}`,
        exports,
      }
    default:
      return kind satisfies never
  }
}
