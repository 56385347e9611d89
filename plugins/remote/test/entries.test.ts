import { beforeAll, describe, expect, test } from 'vitest'
import { ModuleSystem } from '../../../src/system/module-system.ts'
import { createFixture, type Fixture } from '../../../test/support/fixture.ts'
import type { WatchReport } from '../../../src/module/watch-session.ts'
import { remote, type RemoteOptions } from '../src/index.ts'
import { Host, selfSigned, type Page } from './support/host.ts'

let tls: { readonly key: Buffer; readonly cert: Buffer }
beforeAll(async () => {
  tls = await selfSigned()
})

type Options = ConstructorParameters<typeof ModuleSystem>[0]

function systemFor(
  files: Fixture,
  host: Host,
  extra: Partial<RemoteOptions> = {},
  options: Options = {},
): ModuleSystem {
  const plugins = [remote({ allow: [host.host], ca: tls.cert.toString(), ...extra })]
  const cache = { disk: { dir: files.path('.cache') } }
  return new ModuleSystem({ root: files.root, plugins, cache, ...options })
}

const PAGES: Record<string, Page> = {
  '/app/main.ts': {
    type: 'application/typescript',
    text: [
      `import { twice } from './math.ts'`,
      'export const answer: number = twice(21)',
      `export { place } from './math.ts'`,
      'export const own = { ...import.meta }',
      `export const beside = import.meta.resolve('./other.ts')`,
      `export const later = (name: string) => import(import.meta.resolve(name))`,
      `export const fail = (): never => { throw new Error('far away') }`,
    ].join('\n'),
  },
  '/app/math.ts': {
    type: 'application/typescript',
    text: 'export const twice = (n: number): number => 2 * n\nexport const place = import.meta.url',
  },
  '/app/late.ts': { text: 'export const late = true' },
}

async function codeOf(task: Promise<unknown>): Promise<unknown> {
  return task.then(
    () => undefined,
    (error: { code: unknown }) => error.code,
  )
}

describe('a remote entry', () => {
  test('is loaded by its URL, and import.meta is that of each module', async () => {
    await using host = await Host.start(PAGES, tls)
    await using files = await createFixture()
    const loading = { sourceMaps: 'eager' } as const
    await using system = systemFor(files, host, {}, { loading })
    const url = host.url('/app/main.ts')

    const module = await system.load(url)
    const { later, fail, ...exports } = module.exports
    const again = await system.load(new URL(`${url}#part`))

    expect(module.id).toBe(url)
    expect(again).toBe(module)
    expect(exports).toMatchObject({
      answer: 42,
      place: host.url('/app/math.ts'),
      own: { url },
      beside: host.url('/app/other.ts'),
    })
    expect((exports.own as ImportMeta).filename).toBeUndefined()
    expect(await (later as (name: string) => unknown)('./late.ts')).toMatchObject({ late: true })
    expect(() => (fail as () => never)()).toThrow('far away')
    expect(thrownBy(fail as () => never).stack).toContain(`${url}:7:`)
  })

  test.each(['an address', './main.ts', './src/main.ts'])(
    'starts from the disk in the next process, without build or request: %s',
    async (name) => {
      await using host = await Host.start(PAGES, tls)
      const main = mainOf(host)
      await using files = await createFixture({
        'node_modules/installed/package.json': '{}',
        'main.ts': main,
        'src/main.ts': main,
      })
      await using cached = await createFixture()
      const options = { cache: { disk: { dir: cached.path('cache') } } }
      const entry = name === 'an address' ? host.url('/app/main.ts') : name
      const first = systemFor(files, host, {}, options)
      await first.load(entry)
      await first.shutdown()
      await host.stop()
      const requests = host.requests.length

      await using second = systemFor(files, host, {}, options)
      const module = await second.load<{ answer: number }>(entry)

      expect(module.exports.answer).toBe(42)
      expect(second.stats().bundler.builds).toBe(0)
      expect(host.requests).toHaveLength(requests)
    },
  )

  test('is named by its URL in graph, explanation, events and the bundle', async () => {
    await using host = await Host.start(PAGES, tls)
    await using files = await createFixture()
    await using system = systemFor(files, host)
    const url = host.url('/app/main.ts')
    const finished: string[] = []
    system.on('bundle.finished', ({ entry }) => finished.push(entry))

    await system.load(url)
    const paths = system.graph(url).modules.map(({ path }) => path)
    const explanation = await system.explain(url)
    const bundle = await system.bundle(url, { outdir: 'dist' })

    expect(paths.toSorted()).toEqual([url, host.url('/app/math.ts')])
    expect(explanation).toMatchObject({ entry: url, answeredBy: 'memory' })
    expect(explanation.resolution).toEqual([
      { step: 'plugin "remote"', result: `answers: its own module "${url}"` },
    ])
    expect(finished).toEqual([url, url])
    expect(bundle.outputs).toMatchObject([{ path: 'dist/main.js', entry: url }])
  })

  test('gives each module its URL in a bundle with import.meta of the sources', async () => {
    await using host = await Host.start(PAGES, tls)
    await using files = await createFixture()
    await using system = systemFor(files, host)

    await system.bundle(host.url('/app/main.ts'), { outfile: 'out.mjs', importMeta: 'source' })
    const { own, place, beside } = (await import(files.path('out.mjs'))) as Record<string, unknown>

    expect([(own as ImportMeta).url, place, beside]).toEqual(
      ['main', 'math', 'other'].map((name) => host.url(`/app/${name}.ts`)),
    )
  })

  test('gets no files of the project through an import with a pattern', async () => {
    const text = 'export const find = (name) => import("./" + name + ".ts")'
    await using host = await Host.start({ '/a.js': { text } }, tls)
    await using files = await createFixture({ 'secret.ts': 'export const secret = 1' })
    await using system = systemFor(files, host)

    const error: unknown = await system.load(host.url('/a.js')).catch((thrown: unknown) => thrown)

    expect(error).toMatchObject({ code: 'SOMON_BUNDLE_FAILED' })
    expect((error as Error).message).toContain('could not resolve import("./**/*.ts")')
  })

  test('follows the lock file: what was built with another text is stale', async () => {
    await using host = await Host.start({ '/a.js': { text: 'export const a = 1' } }, tls)
    await using files = await createFixture()
    const url = host.url('/a.js')
    const first = systemFor(files, host)
    await first.load(url)
    await first.shutdown()
    host.pages['/a.js'] = { text: 'export const a = 2' }
    const renewing = systemFor(files, host, { refresh: true })
    await renewing.load(url)
    await renewing.shutdown()

    await using last = systemFor(files, host)

    expect((await last.load<{ a: number }>(url)).exports.a).toBe(2)
  })

  test('is reloaded by a watcher when the lock file names another text', async () => {
    await using host = await Host.start({ '/a.js': { text: 'export const a = 1' } }, tls)
    await using files = await createFixture()
    const url = host.url('/a.js')
    await using system = systemFor(files, host)
    const module = await system.load<{ a: number }>(url)
    await using session = await system.watch()
    const { promise: report, resolve } = Promise.withResolvers<WatchReport>()
    session.on('report', resolve)
    host.pages['/a.js'] = { text: 'export const a = 2' }
    await using renewing = systemFor(files, host, { refresh: true })
    await renewing.load(url)

    expect(await report).toMatchObject({ entry: url, outcome: 'reloaded' })
    expect(module.exports.a).toBe(2)
  })

  test('is refused with the plugin that would serve it when no plugin does', async () => {
    await using files = await createFixture()
    const cache = { disk: { dir: files.path('cache') } }
    await using system = new ModuleSystem({ root: files.root, cache })
    const error = {
      code: 'SOMON_RESOLVE_NOT_FOUND',
      fix: 'Add somon-plugin-remote to the plugins: remote({ allow: ["modules.example"] })',
    }

    await expect(system.load('https://modules.example/a.ts')).rejects.toMatchObject(error)
    await expect(
      system.bundle('https://modules.example/a.ts', { outdir: 'dist' }),
    ).rejects.toMatchObject(error)
    expect(await codeOf(system.load('virtual:routes'))).toBe('SOMON_RESOLVE_NOT_FOUND')
  })

  test('is bound by loading.allowedSources, also behind a redirect', async () => {
    await using other = await Host.start({ '/b.js': { text: '' } }, tls)
    await using host = await Host.start({ '/a.js': { redirect: other.url('/b.js') } }, tls)
    await using files = await createFixture()
    const allow = [host.host, other.host]
    const loading = { allowedSources: [host.host] }
    await using system = systemFor(files, host, { allow }, { loading })

    expect(await codeOf(system.load(other.url('/b.js')))).toBe('SOMON_RESOLVE_SOURCE_DENIED')
    expect(await codeOf(system.bundle(other.url('/b.js')))).toBe('SOMON_RESOLVE_SOURCE_DENIED')
    expect(other.requests).toEqual([])
    expect(await codeOf(system.load(host.url('/a.js')))).toBe('SOMON_RESOLVE_SOURCE_DENIED')
  })

  test('never carries a password into messages', async () => {
    await using files = await createFixture()
    await using system = new ModuleSystem({ root: files.root })

    const error: unknown = await system
      .load('https://me:secret@modules.example/a.ts')
      .catch((thrown: unknown) => thrown)

    expect(error).toMatchObject({ code: 'SOMON_RESOLVE_SOURCE_DENIED' })
    expect(JSON.stringify(error)).not.toContain('secret')
  })

  test('keeps the code of a host that is down, and heals when it is back', async () => {
    await using host = await Host.start(PAGES, tls)
    await using files = await createFixture()
    await using system = systemFor(files, host)
    const url = host.url('/app/main.ts')
    await host.stop()

    const code = await codeOf(system.load(url))
    await host.start()
    const module = await system.load<{ answer: number }>(url)

    expect(code).toBe('SOMON_REMOTE_UNREACHABLE')
    expect(module.exports.answer).toBe(42)
  })
})

describe('a virtual entry', () => {
  test('is what the plugin that claims it says', async () => {
    await using files = await createFixture()
    await using system = new ModuleSystem({
      root: files.root,
      plugins: [
        {
          name: 'routes',
          resolveId: (id: string) => (id === 'virtual:routes' ? '\0routes' : null),
          load: (id: string) => (id === '\0routes' ? 'export const routes = ["/"]' : null),
        },
      ],
    })

    const module = await system.load('virtual:routes')

    expect(module.id).toBe('virtual:routes')
    expect({ ...module.exports }).toEqual({ routes: ['/'] })
  })
})

function mainOf(host: Host): string {
  return `export { answer } from '${host.url('/app/main.ts')}'`
}

function thrownBy(task: () => never): Error {
  try {
    return task()
  } catch (error) {
    return error as Error
  }
}
