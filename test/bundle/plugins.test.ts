import { basename } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { EventHub } from '../../src/base/events.ts'
import type { PluginEvents } from '../../src/bundle/events.ts'
import type { FusedPlugin, SomonPlugin } from '../../src/bundle/plugin.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { createFixture } from '../support/fixture.ts'
import { appending, buildWith, createHost, RecordingBuild, run, words } from './plugin-build.ts'

describe('PluginHost.esbuildPlugins()', () => {
  test('holds the reader alone without plugins', async () => {
    await using fixture = await createFixture({ ...words, 'data.json': '{"a":1}' })
    const host = createHost(fixture.root, [])

    const { recorded, exports } = await buildWith(fixture, [], { host })

    expect(host.esbuildPlugins(new RecordingBuild()).map((plugin) => plugin.name)).toEqual([
      'somon',
    ])
    expect(host.active).toBe(false)
    expect(recorded.reads.map((file) => basename(file)).toSorted()).toEqual(['entry.ts', 'word.ts'])
    expect(exports.word).toBe('start')
  })

  test('runs every transform of a file: pre, normal, post, each in list order', async () => {
    await using fixture = await createFixture(words)

    const { exports } = await buildWith(fixture, [
      appending('post', { enforce: 'post' }),
      appending('one'),
      appending('two'),
      appending('pre', { enforce: 'pre' }),
    ])

    expect(exports.word).toBe('start pre one two post')
  })

  test('asks plugins in order: pre, esbuild plugins, normal, post', async () => {
    await using fixture = await createFixture({ 'entry.ts': `import 'x:y'` })
    const asked: string[] = []
    const fused = (name: string, enforce?: 'pre' | 'post'): FusedPlugin => ({
      name,
      ...(enforce && { enforce }),
      resolveId: (specifier) => {
        if (specifier === 'x:y') asked.push(name)
        return name === 'post' && specifier === 'x:y' ? '\0empty' : undefined
      },
      load: (id) => (id === '\0empty' ? '' : undefined),
    })
    const raw = (name: string): Plugin => ({
      name,
      setup: (esbuild) => esbuild.onResolve({ filter: /^x:y$/ }, () => void asked.push(name)),
    })

    await buildWith(fixture, [
      fused('post', 'post'),
      fused('normal'),
      raw('raw1'),
      raw('raw2'),
      fused('pre', 'pre'),
    ])

    expect(asked).toEqual(['pre', 'raw1', 'raw2', 'normal', 'post'])
  })

  test('lets a load with enforce "pre" claim a file before esbuild plugins, then transforms it', async () => {
    await using fixture = await createFixture(words)
    const raw: Plugin = {
      name: 'raw',
      setup: (esbuild) =>
        esbuild.onLoad({ filter: /word\.ts$/ }, () => ({ contents: `export const word = 'raw'` })),
    }
    const early: FusedPlugin = {
      name: 'early',
      enforce: 'pre',
      load: { filter: { id: '**/word.ts' }, handler: () => `export const word = 'early'` },
    }

    const { exports, recorded } = await buildWith(fixture, [raw, early, appending('late')])

    expect(exports.word).toBe('early late')
    expect(recorded.reads.map((file) => basename(file))).toEqual(['entry.ts'])
  })
})

describe('PluginHost.outputPlugins()', () => {
  test('is empty without plugins', () => {
    expect(createHost('/', []).outputPlugins()).toEqual([])
    expect(createHost('/', [{ name: 'run', somon: { built: () => {} } }]).outputPlugins()).toEqual(
      [],
    )
  })

  test('transforms files and leaves to esbuild what no plugin changes', async () => {
    const bytes = Uint8Array.from([137, 80, 0, 255])
    await using fixture = await createFixture({
      ...words,
      'entry.ts': `export { word } from './word.ts'; export { default as png } from './x.png'; export { default as json } from './x.json' with { type: 'text' }`,
      'x.png': bytes,
      'x.json': '{ }',
    })
    const watched: string[] = []
    const nosy: FusedPlugin = {
      name: 'nosy',
      transform(_code, id) {
        this.addWatchFile(`${id}.watch`)
      },
    }
    const host = createHost(fixture.root, [nosy, appending('seen')])

    const result = await build({
      entryPoints: [fixture.path('entry.ts')],
      bundle: true,
      write: false,
      format: 'cjs',
      platform: 'node',
      target: 'node24',
      loader: { '.png': 'binary' },
      plugins: [
        ...host.outputPlugins({
          addWatchFile: (file) => void watched.push(basename(file)),
          addWatchDir: () => {},
        }),
      ],
    })

    const module = { exports: {} as Record<string, unknown> }
    run(result.outputFiles[0]?.text ?? '', module)
    expect({ ...module.exports }).toEqual({ word: 'start seen', png: bytes, json: '{ }' })
    expect(watched).toContain('word.ts.watch')
  })
})

const load = (): undefined => undefined

const keys = (...plugins: SomonPlugin[]): string => JSON.stringify(createHost('/', plugins).keys())

describe('PluginHost.keys()', () => {
  test('names every plugin of builds with key and position', () => {
    const a = { name: 'a', load, cacheKey: 'k1' }
    const b = { name: 'b', setup: () => {}, cacheKey: () => 'k2' }

    const base = keys(a, b)

    expect(keys({ ...a }, { ...b })).toBe(base)
    expect(keys(a, { ...b, cacheKey: 'k3' })).not.toBe(base)
    expect(keys({ ...a, name: 'c' }, b)).not.toBe(base)
    expect(keys({ ...a, enforce: 'pre' }, b)).not.toBe(base)
    expect(keys(a)).not.toBe(base)
    expect(createHost('/', [a, b]).keys().uncacheable).toBeUndefined()
    expect(keys(a, { name: 'watcher', somon: { built: () => {} } }, b)).toBe(base)
  })

  test('names the plugin without a key and tells it once', () => {
    const events = new EventHub<PluginEvents>()
    const told: unknown[] = []
    events.on('plugin.uncacheable', (payload) => void told.push(payload))
    const host = createHost('/', [{ name: 'keyless', setup: () => {} }], { events })

    const first = host.keys().uncacheable
    host.keys()

    expect(first).toBe('keyless')
    expect(told).toEqual([{ plugin: 'keyless' }])
  })

  test('refuses a key that is no text', () => {
    const bad = { name: 'bad', setup: () => {}, cacheKey: (() => 1) as unknown as () => string }

    expect(() => createHost('/', [bad]).keys()).toThrow(
      '"cacheKey" returned a value of type number',
    )
  })
})

describe('PluginHost.declaredInputs()', () => {
  test('starts relative paths at the root and drops doubles', () => {
    const host = createHost('/project', [
      {
        name: 'a',
        setup: () => {},
        watch: { files: ['x.json', '/abs'], dirs: ['d'] },
        env: ['A', 'B'],
      },
      { name: 'b', load: () => null, watch: { files: ['./x.json'] }, env: ['B'] },
    ])

    expect(host.declaredInputs()).toEqual({
      files: ['/project/x.json', '/abs'],
      dirs: ['/project/d'],
      env: ['A', 'B'],
    })
  })
})

describe('PluginHost.stats()', () => {
  test('counts calls and time of each plugin', async () => {
    await using fixture = await createFixture(words)
    const clock = new FakeClock()
    const host = createHost(
      fixture.root,
      [
        { name: 'seen', transform: () => clock.advance(20) as unknown as undefined },
        { name: 'raw', setup: () => {} },
      ],
      { clock },
    )

    await buildWith(fixture, [], { host })

    // Two files pass at once, so one sees the other's 20 ms too.
    const [raw, seen] = host.stats()
    expect(raw).toEqual({ name: 'raw', shape: 'esbuild', calls: 1, errors: 0, totalMs: 0 })
    expect(seen).toMatchObject({ name: 'seen', shape: 'fused', calls: 2, errors: 0 })
    expect(seen?.totalMs).toBeGreaterThanOrEqual(40)
  })
})
