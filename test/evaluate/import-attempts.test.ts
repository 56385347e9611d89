import { describe, expect, test } from 'vitest'
import { importInNode } from './support/import-in-node.ts'
import { packages } from './support/importing.ts'

const FAILED = 'SOMON_EVALUATE_IMPORT_FAILED'
const STUCK = 'SOMON_EVALUATE_IMPORT_STUCK'
const json = (name: string, main: string): string => JSON.stringify({ name, main })

describe('ImportAttempts.import()', () => {
  test('runs nothing again above a CommonJS file that failed, and the process goes on', async () => {
    await using fixture = await packages({
      'esm/package.json': json('esm', 'index.mjs'),
      'esm/index.mjs': 'import { key } from "./key.cjs"; export const seen = String(key)',
      'esm/key.cjs': 'exports.key = 1; throw new Error("no key")',
    })
    const step = { spec: 'esm' }

    const results = await importInNode(fixture.root, step, step, step)

    expect(results).toEqual([
      { code: FAILED, cause: 'no key' },
      { code: STUCK, cause: 'no key' },
      { code: STUCK, cause: 'no key' },
    ])
  })

  test('finds what failed in another package, past all that is well', async () => {
    await using fixture = await packages({
      'top/package.json': json('top', 'index.mjs'),
      'top/index.mjs':
        'import "node:fs"; import data from "./data.json" with { type: "json" }; import "fine"; import "bad"; export const a = data',
      'top/data.json': '{}',
      'fine/package.json': json('fine', 'index.mjs'),
      'fine/index.mjs': 'export const a = 1',
      'bad/index.js': 'throw new Error("no key")',
    })

    const results = await importInNode(fixture.root, { spec: 'top' }, { spec: 'top' })

    expect(results).toEqual([
      { code: FAILED, cause: 'no key' },
      { code: STUCK, cause: 'no key' },
    ])
  })

  test('runs a module again that failed itself, above others that are well', async () => {
    await using fixture = await packages({
      'root/package.json': json('root', 'index.mjs'),
      'root/index.mjs':
        'import { times } from "./times.cjs"; import "./well.mjs"; times.n += 1; if (times.n < 3) throw new Error("down"); export const { n } = times',
      'root/times.cjs': 'exports.times = { n: 0 }',
      'root/well.mjs': 'await 1',
    })
    const step = { spec: 'root' }

    const results = await importInNode(fixture.root, step, step, step)

    const failed = { code: FAILED, cause: 'down' }
    expect(results).toEqual([failed, failed, { n: 3 }])
  })

  test('runs a CommonJS package again together with what it requires', async () => {
    await using fixture = await packages({
      'old/index.js': 'exports.n = require("./times.js")',
      'old/times.js':
        'globalThis.times = (globalThis.times ?? 0) + 1; if (globalThis.times < 3) throw new Error("down"); module.exports = globalThis.times',
    })
    const step = { spec: 'old' }

    const results = await importInNode(fixture.root, step, step, step)

    const failed = { code: FAILED, cause: 'down' }
    expect(results).toEqual([failed, failed, expect.objectContaining({ n: 3 })])
  })

  test('asks for the same URL again where Node does not remember the failure', async () => {
    await using fixture = await packages({
      'lost/package.json': json('lost', 'index.mjs'),
      'lost/index.mjs': 'import "./part.mjs"; export const { url } = import.meta',
      'torn/package.json': json('torn', 'index.mjs'),
      'torn/index.mjs': 'export const = 1',
    })
    const part = { file: fixture.path('node_modules/lost/part.mjs'), text: '' }
    const whole = {
      file: fixture.path('node_modules/torn/index.mjs'),
      text: 'export const { url } = import.meta',
    }

    const results = await importInNode(
      fixture.root,
      ...[{ spec: 'lost' }, { spec: 'lost' }, { spec: 'lost', write: part }],
      ...[{ spec: 'torn' }, { spec: 'torn' }, { spec: 'torn', write: whole }],
    )

    expect(results.map((result) => (result as { code?: string }).code)).toEqual([
      ...[FAILED, FAILED, undefined, FAILED, FAILED, undefined],
    ])
    expect((results[2] as { url: string }).url).toMatch(/lost\/index\.mjs$/)
    expect((results[5] as { url: string }).url).toMatch(/torn\/index\.mjs$/)
  })

  test('asks for a fresh URL when a missing file was looked for while the module ran', async () => {
    await using fixture = await packages({
      'lazy/package.json': json('lazy', 'index.mjs'),
      'lazy/index.mjs': 'export const { a } = await import("./part.mjs")',
    })
    const part = { file: fixture.path('node_modules/lazy/part.mjs'), text: 'export const a = 1' }

    const results = await importInNode(
      fixture.root,
      ...[{ spec: 'lazy' }, { spec: 'lazy', write: part }],
    )

    expect(results).toEqual([expect.objectContaining({ code: FAILED }), { a: 1 }])
  })

  test('does not take equal texts for one failure', async () => {
    await using fixture = await packages({
      'text/package.json': json('text', 'index.mjs'),
      'text/index.mjs':
        'globalThis.n = (globalThis.n ?? 0) + 1; if (globalThis.n < 4) throw "down"; export const a = 1',
    })
    const step = { spec: 'text' }

    const results = await importInNode(fixture.root, step, step, step, step)

    const failed = { code: FAILED, cause: 'down' }
    expect(results).toEqual([failed, failed, failed, { a: 1 }])
  })
})

describe('ImportAttempts.importSync()', () => {
  test('leaves a failed module to the asynchronous way, which runs it again at once', async () => {
    await using fixture = await packages({
      'both/package.json': json('both', 'index.mjs'),
      'both/index.mjs':
        'globalThis.n = (globalThis.n ?? 0) + 1; if (globalThis.n < 2) throw new Error("down"); export const { n } = globalThis',
    })
    const sync = { spec: 'both', sync: true }

    const results = await importInNode(fixture.root, sync, sync, { spec: 'both' }, sync)

    const failed = { code: FAILED, cause: 'down' }
    expect(results).toEqual([failed, failed, { n: 2 }, { n: 2 }])
  })

  test('runs failed CommonJS again, as Node does', async () => {
    await using fixture = await packages({
      'old/index.js':
        'globalThis.n = (globalThis.n ?? 0) + 1; if (globalThis.n < 2) throw new Error("down"); exports.n = globalThis.n',
    })
    const sync = { spec: 'old', sync: true }

    const results = await importInNode(fixture.root, sync, sync)

    expect(results).toEqual([{ code: FAILED, cause: 'down' }, expect.objectContaining({ n: 2 })])
  })

  test('says that a package has a top-level await, which the asynchronous way takes', async () => {
    await using fixture = await packages({
      'tla/package.json': json('tla', 'index.mjs'),
      'tla/index.mjs': 'export const a = await 1',
    })

    const results = await importInNode(
      fixture.root,
      ...[{ spec: 'tla', sync: true }, { spec: 'tla' }, { spec: 'tla', sync: true }],
    )

    expect(results).toEqual([
      expect.objectContaining({ code: 'SOMON_EVALUATE_SYNC_EXTERNAL' }),
      ...[{ a: 1 }, { a: 1 }],
    ])
  })
})
