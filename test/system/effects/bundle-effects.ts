import { existsSync } from 'node:fs'
import type { ModuleSystem } from '../../../src/system/module-system.ts'
import { runCli } from '../../support/run-cli.ts'
import type { EffectCase, EffectCases } from './effect-case.ts'

const FILES = {
  'package.json': '{"type":"module"}',
  'main.ts': 'export const value = (a?: number): number => a ?? LIMIT\n',
}

/** What the settings `bundle.*` and `log.level` do to files that are made. */
export const bundleEffects: EffectCases = {
  'bundle.format': output(
    /module\.exports =|export \{|\(\(\) => \{/,
    ['esm', 'export {'],
    ['cjs', 'module.exports ='],
    ['iife', '(() => {'],
  ),
  'bundle.target': output(
    /a \?\? LIMIT|a != null/,
    ['node24', 'a ?? LIMIT'],
    ['es2019', 'a != null'],
  ),
  'bundle.minify': output(
    /=> a \?\? LIMIT|=>\w\?\?LIMIT/,
    [false, '=> a ?? LIMIT'],
    [true, '=>e??LIMIT'],
  ),
  'bundle.define': output(/\?\? \w+/, [{}, '?? LIMIT'], [{ LIMIT: '42' }, '?? 42']),
  'bundle.sourcemap': {
    files: FILES,
    seen: [
      [false, ['dist/main.js']],
      [true, ['dist/main.js', 'dist/main.js.map']],
    ],
    observe: (_value, _fixture, make) => namesOf(make(), ['./main.ts']),
  },
  'bundle.splitting': {
    files: {
      'a.ts': "export { value } from './shared.ts'",
      'b.ts': "export { value } from './shared.ts'",
      'shared.ts': 'export const value = { shared: true }',
    },
    seen: [
      [false, 2],
      [true, 3],
    ],
    observe: async (_value, _fixture, make) => (await namesOf(make(), ['./a.ts', './b.ts'])).length,
  },
  'bundle.outdir': {
    files: FILES,
    seen: [
      ['out', [true, false]],
      ['dist', [false, true]],
    ],
    async observe(value, fixture) {
      await runCli(['bundle', 'main.ts'], {
        cwd: fixture.root,
        env: { SOMON_BUNDLE_OUTDIR: String(value) },
      })
      return ['out/main.js', 'dist/main.js'].map((name) => existsSync(fixture.path(name)))
    },
  },
  'bundle.serviceMaxRssBytes': {
    files: {},
    seen: [
      ['64MiB', { reason: 'memory', recycles: 1 }],
      ['64GiB', { reason: undefined, recycles: 0 }],
    ],
    async observe(_value, fixture, make) {
      await fixture.write('unused.ts', `export const text = '${'x'.repeat(16 * 2 ** 20)}'`)
      await fixture.write('main.ts', "import './unused.ts'")
      await using system = make()
      let reason: string | undefined
      system.on('bundle.service-recycled', (event) => {
        reason = event.reason
      })
      await system.compile('./main.ts')
      return { reason, recycles: system.stats().bundler.recycles }
    },
  },
  'bundle.hotContexts': {
    files: { 'a.ts': 'export const value = 0', 'b.ts': 'export const value = 0' },
    seen: [
      [0, 0],
      [1, 1],
      [4, 2],
    ],
    async observe(_value, fixture, make) {
      await using system = make()
      for (const name of ['a.ts', 'b.ts']) {
        const module = await system.load(`./${name}`)
        for (const value of [1, 2, 3]) {
          await fixture.write(name, `export const value = ${value}`)
          await module.reload()
        }
      }
      return system.stats().bundler.contexts
    },
  },
  'log.level': {
    files: FILES,
    seen: [
      ['info', true],
      ['error', false],
    ],
    async observe(value, fixture) {
      const run = await runCli(['bundle', 'main.ts'], {
        cwd: fixture.root,
        env: { SOMON_LOG_LEVEL: String(value) },
      })
      return run.stderr.includes('dist/main.js')
    },
  },
}

function output(pattern: RegExp, ...seen: EffectCase['seen']): EffectCase {
  return {
    files: FILES,
    seen,
    async observe(_value, _fixture, make) {
      await using system = make()
      const { outputs } = await system.bundle('./main.ts')
      const [first] = outputs
      return pattern.exec(Buffer.from(first?.contents ?? []).toString())?.[0]
    },
  }
}

async function namesOf(made: ModuleSystem, entries: readonly string[]): Promise<readonly string[]> {
  await using system = made
  const { outputs } = await system.bundle(entries)
  return outputs.map(({ path }) => path).toSorted()
}
