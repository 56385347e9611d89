import { build, type Plugin } from 'esbuild'
import { describe, expect, test } from 'vitest'
import type { FusedPlugin } from '../../src/bundle/plugin.ts'
import { createFixture } from '../support/fixture.ts'
import { appending, buildWith, createHost, failureOf, words } from './plugin-build.ts'

describe('wrapEsbuildPlugin()', () => {
  test('records what hooks and esbuild plugins watch, with the module it was for', async () => {
    await using fixture = await createFixture({ ...words, 'side.txt': '' })
    const raw: Plugin = {
      name: 'raw',
      setup: (esbuild) =>
        esbuild.onLoad({ filter: /word/ }, () => ({ watchFiles: ['/r.txt'], watchDirs: ['/rd'] })),
    }
    const fused: FusedPlugin = {
      name: 'fused',
      resolveId(specifier) {
        if (specifier === './word.ts') this.addWatchFile('/resolve.txt')
      },
      transform(_code, id) {
        if (!id.endsWith('word.ts')) return
        this.addWatchFile('/side.txt')
        this.addWatchDir('/dir')
      },
      buildStart() {
        this.addWatchFile('/start.txt')
      },
    }

    const { recorded } = await buildWith(fixture, [raw, fused])

    const word = fixture.path('word.ts')
    expect(recorded.watched.toSorted()).toEqual(
      [
        `fused: /dir/ < ${word}`,
        `fused: /resolve.txt < ${fixture.path('entry.ts')}`,
        `fused: /side.txt < ${word}`,
        'fused: /start.txt < ',
        `raw: /r.txt < ${word}`,
        `raw: /rd/ < ${word}`,
      ].toSorted(),
    )
  })

  test('warns with both names when an esbuild plugin hides a file from a transform', async () => {
    await using fixture = await createFixture(words)
    const raw: Plugin = {
      name: 'raw',
      setup: (esbuild) =>
        esbuild.onLoad({ filter: /word\.ts$/ }, () => ({
          contents: `export const word = 'raw'`,
          loader: 'ts',
        })),
    }
    const byCode: FusedPlugin = {
      name: 'by-code',
      transform: { filter: { code: 'nothing like this' }, handler: () => undefined },
    }

    const { result, exports } = await buildWith(fixture, [appending('seer'), byCode, raw])

    expect(exports.word).toBe('raw')
    expect(result.warnings).toHaveLength(1)
    expect(result.warnings[0]?.text).toMatch(/^Plugin "raw" loads .* transform of "seer" does not/)
  })
})

const editing = (
  edit: (options: Parameters<Plugin['setup']>[0]['initialOptions']) => void,
): Plugin => ({
  name: 'editor',
  setup: ({ initialOptions }) => edit(initialOptions),
})

describe('build options', () => {
  test('that a plugin sets are kept', async () => {
    await using fixture = await createFixture({ 'entry.ts': 'export const flag = FLAG' })

    const { exports } = await buildWith(fixture, [
      editing((options) => {
        options.define = { ...options.define, FLAG: '"set"' }
      }),
    ])

    expect(exports.flag).toBe('set')
  })

  const owned: readonly [
    string,
    (options: Parameters<Plugin['setup']>[0]['initialOptions']) => void,
  ][] = [
    ['bundle', (options) => void (options.bundle = false)],
    ['format', (options) => void (options.format = 'iife')],
    ['write', (options) => void (options.write = true)],
    ['metafile', (options) => void (options.metafile = false)],
    ['splitting', (options) => void (options.splitting = true)],
    ['outdir', (options) => void delete options.outdir],
    ['sourcemap', (options) => void (options.sourcemap = 'inline')],
    ['absWorkingDir', (options) => void (options.absWorkingDir = '/')],
    ["define['import.meta']", (options) => void (options.define = { 'import.meta': 'x' })],
  ]
  test.each(owned)("that are the pipeline's may not be changed: %s", async (option, edit) => {
    await using fixture = await createFixture(words)

    const { error } = await failureOf(buildWith(fixture, [editing(edit)]))

    expect(error?.code).toBe('SOMON_BUNDLE_PLUGIN_OPTION')
    expect(error?.data).toEqual({ plugin: 'editor', option })
  })

  test("are all the plugin's to change in an output build", async () => {
    await using fixture = await createFixture(words)
    const host = createHost(fixture.root, [editing((options) => void (options.format = 'iife'))])

    const result = await build({
      entryPoints: [fixture.path('entry.ts')],
      bundle: true,
      write: false,
      format: 'esm',
      plugins: [...host.outputPlugins()],
    })

    expect(result.outputFiles[0]?.text).toContain('(() => {')
  })
})
