import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { isSomonError, SomonError } from '../../../src/base/error.ts'
import type { Guard } from '../../../src/base/guard.ts'
import { pluginContract } from '../../../src/module/plugin-contract.ts'
import { buildWith, createHost, failureOf, type Built } from '../../../test/bundle/plugin-build.ts'
import { createFixture, type Fixture } from '../../../test/support/fixture.ts'
import { remote, type RemoteOptions } from '../src/index.ts'
import { integrityOf } from '../src/copies.ts'
import { Host, selfSigned, type Page } from './support/host.ts'

const LOCK = 'somon-remote.lock.json'
let tls: { readonly key: Buffer; readonly cert: Buffer }
beforeAll(async () => {
  tls = await selfSigned()
})

function start(pages: Record<string, Page>): Promise<Host> {
  return Host.start(pages, tls)
}

function optionsFor(host: Host, extra: Partial<RemoteOptions> = {}): RemoteOptions {
  return { allow: [host.host], ca: tls.cert.toString(), ...extra }
}

/** A project whose entry imports everything from an address. */
function project(address: string, files: Record<string, string> = {}): Promise<Fixture> {
  return createFixture({ 'entry.ts': `export * from ${JSON.stringify(address)}`, ...files })
}

function build(files: Fixture, options: RemoteOptions): Promise<Built> {
  return buildWith(files, [remote(options)])
}

async function errorOf(files: Fixture, options: RemoteOptions): Promise<Partial<SomonError>> {
  return (await failureOf(build(files, options))).error
}

async function lockOf(
  files: Fixture,
): Promise<{ modules: Record<string, { integrity: string }>; redirects: Record<string, string> }> {
  return JSON.parse(await readFile(files.path(LOCK), 'utf8'))
}

describe('pluginContract(remote)', () => {
  let host: Host
  const address = { allow: ['modules.example'] }
  // The contract works on a folder; its entry is written once the port is known.
  const sample = createFixture()
  beforeAll(async () => {
    host = await start({
      '/math.ts': {
        type: 'application/typescript',
        text: 'export const add = (a: number, b: number): number => a + b',
      },
    })
    const files = await sample
    await files.write(
      'src/main.ts',
      `import { add } from '${host.url('/math.ts')}'\nimport { n } from './n.ts'\nexport const sum: number = add(n, 3)`,
    )
    await files.write('src/n.ts', 'export const n = 2')
    await build(files, { ...optionsFor(host), copies: 'copies' }).catch(() => {})
    await buildWith(files, [remote(optionsFor(host, { copies: 'copies' }))], {
      entry: 'src/main.ts',
    })
  })
  afterAll(async () => {
    await host.stop()
    await (await sample)[Symbol.asyncDispose]()
  })
  const names = pluginContract({
    create: () => remote(address),
    createOther: () => remote(address),
    fixture: '',
    entry: '',
    expected: {},
    change: { file: '', contents: '', expected: {} },
    broken: { file: '', contents: '' },
  }).map(({ name }) => name)
  test.each(names)('%s', async (name) => {
    const options = optionsFor(host, { copies: 'copies' })
    const contract = pluginContract({
      create: () => remote(options),
      createOther: () => remote({ ...options, frozen: true }),
      fixture: (await sample).root,
      entry: 'src/main.ts',
      expected: { sum: 5 },
      change: { file: 'src/n.ts', contents: 'export const n = 7', expected: { sum: 10 } },
      broken: {
        file: 'src/n.ts',
        contents: `export * from 'https://elsewhere.test/x.js'`,
        code: 'SOMON_REMOTE_HOST',
      },
    })
    const promise = contract.find((one) => one.name === name)

    await expect(promise?.run()).resolves.toBeUndefined()
  })
})

describe('remote()', () => {
  test('imports modules with everything they import, and locks each', async () => {
    await using host = await start({
      '/lib/index.js': {
        text: `export { a } from './a.ts'; export { default as data } from '/data.json'; export { x } from '../x'`,
      },
      '/lib/a.ts': { type: 'video/mp2t', text: 'export const a: number = 1' },
      '/data.json': { type: 'application/json; charset=utf-8', text: '{"ok":true}' },
      '/x': { text: `import { sep } from 'node:path'; export const x = typeof sep` },
    })
    await using files = await project(host.url('/lib/index.js'))

    const { exports, recorded } = await build(files, optionsFor(host))

    expect(exports).toMatchObject({ a: 1, data: { ok: true } })
    const { modules } = await lockOf(files)
    expect(Object.keys(modules)).toEqual(
      ['/data.json', '/lib/a.ts', '/lib/index.js', '/x'].map((path) => host.url(path)),
    )
    expect(modules[host.url('/lib/a.ts')]?.integrity).toBe(
      integrityOf(Buffer.from('export const a: number = 1')),
    )
    expect(recorded.watched.some((line) => line.includes(LOCK))).toBe(true)
    expect(host.requests).toHaveLength(4)
  })

  test('asks no host again once a module is locked and copied', async () => {
    await using host = await start({ '/a.js': { text: 'export const a = 1' } })
    await using files = await project(host.url('/a.js'))
    await build(files, optionsFor(host))
    const lock = await readFile(files.path(LOCK), 'utf8')
    await host.stop()

    const { exports } = await build(files, optionsFor(host, { frozen: true }))

    expect(exports.a).toBe(1)
    expect(host.requests).toHaveLength(1)
    expect(await readFile(files.path(LOCK), 'utf8')).toBe(lock)
  })

  test('fetches a missing copy again and accepts what is locked only', async () => {
    await using host = await start({ '/a.js': { text: 'export const a = 1' } })
    await using files = await project(host.url('/a.js'))
    await build(files, optionsFor(host))
    await files.remove('node_modules')

    const again = await build(files, optionsFor(host))
    await files.remove('node_modules')
    host.pages['/a.js'] = { text: 'export const a = "evil"' }
    const error = await errorOf(files, optionsFor(host))

    expect(again.exports.a).toBe(1)
    expect(error.code).toBe('SOMON_REMOTE_INTEGRITY')
    expect(error.message).toContain(
      `the lock file has "${integrityOf(Buffer.from('export const a = 1'))}"`,
    )
  })

  test('does not trust a copy that was changed on disk', async () => {
    await using host = await start({ '/a.js': { text: 'export const a = 1' } })
    await using files = await project(host.url('/a.js'))
    await build(files, optionsFor(host, { copies: 'copies' }))
    const name = Buffer.from(
      integrityOf(Buffer.from('export const a = 1')).slice(7),
      'base64',
    ).toString('hex')
    await writeFile(files.path('copies', name), 'export const a = "evil"')

    const { exports } = await build(files, optionsFor(host, { copies: 'copies' }))

    expect(exports.a).toBe(1)
    expect(host.requests).toHaveLength(2)
  })

  test('locks what the host serves now when told to refresh', async () => {
    await using host = await start({ '/a.js': { text: 'export const a = 1' } })
    await using files = await project(host.url('/a.js'))
    await build(files, optionsFor(host))
    host.pages['/a.js'] = { text: 'export const a = 2' }

    const kept = await build(files, optionsFor(host))
    const fresh = await build(files, optionsFor(host, { refresh: true }))

    expect([kept.exports.a, fresh.exports.a]).toEqual([1, 2])
    expect((await lockOf(files)).modules[host.url('/a.js')]?.integrity).toBe(
      integrityOf(Buffer.from('export const a = 2')),
    )
    expect(host.requests).toHaveLength(2)
  })

  test('uses the last good copy with a warning when a host to refresh from is down or ill', async () => {
    await using host = await start({ '/a.js': { text: 'export const a = 1' } })
    await using files = await project(host.url('/a.js'))
    await build(files, optionsFor(host))
    host.pages['/a.js'] = { status: 503 }
    const ill = await build(files, optionsFor(host, { refresh: true }))
    await host.stop()

    const down = await build(files, optionsFor(host, { refresh: true }))

    expect([ill.exports.a, down.exports.a]).toEqual([1, 1])
    expect(ill.result.warnings[0]?.text).toMatch(/^The last good copy of .* status 503/)
    expect(down.result.warnings[0]?.text).toContain('ECONNREFUSED')
  })

  test('says that a host is down when there is no copy', async () => {
    await using host = await start({})
    await using files = await project(host.url('/a.js'))
    await host.stop()

    const error = await errorOf(files, optionsFor(host))

    expect(error).toMatchObject({ code: 'SOMON_REMOTE_UNREACHABLE', retryable: true })
    expect(error.data).toMatchObject({ plugin: 'remote', hook: 'resolveId' })
  })

  test('refuses what is not locked when frozen, without asking', async () => {
    await using host = await start({ '/a.js': { text: '' } })
    await using files = await project(host.url('/a.js'))

    const error = await errorOf(files, optionsFor(host, { frozen: true }))

    expect(error.code).toBe('SOMON_REMOTE_FROZEN')
    expect(host.requests).toEqual([])
  })

  test('refuses hosts that are not allowed, also behind redirects', async () => {
    await using other = await start({ '/b.js': { text: 'export const b = 1' } })
    await using host = await start({ '/a.js': { redirect: other.url('/b.js') } })
    await using direct = await project(other.url('/b.js'))
    await using redirected = await project(host.url('/a.js'))

    const errors = [
      await errorOf(direct, optionsFor(host)),
      await errorOf(redirected, optionsFor(host)),
    ]

    expect(errors.map(({ code }) => code)).toEqual(['SOMON_REMOTE_HOST', 'SOMON_REMOTE_HOST'])
    expect(errors[1]?.message).toContain(`Cannot import "${other.url('/b.js')}"`)
    expect(other.requests).toEqual([])
  })

  test('follows redirects between allowed hosts and names the module by where they end', async () => {
    await using other = await start({
      '/v2/b.js': { text: `export { c } from './c.js'` },
      '/v2/c.js': { text: 'export const c = 3' },
    })
    await using host = await start({
      '/b.js': { redirect: '/b@2.js' },
      '/b@2.js': { redirect: other.url('/v2/b.js') },
    })
    await using files = await project(host.url('/b.js'))
    const options = { ...optionsFor(host), allow: [host.host, other.host] }

    const first = await build(files, options)
    await host.stop()
    const second = await build(files, options)

    expect([first.exports.c, second.exports.c]).toEqual([3, 3])
    expect((await lockOf(files)).redirects).toEqual({ [host.url('/b.js')]: other.url('/v2/b.js') })
  })

  test('ends a circle of redirects', async () => {
    await using host = await start({
      '/a.js': { redirect: '/b.js' },
      '/b.js': { redirect: '/a.js' },
    })
    await using files = await project(host.url('/a.js'))

    const error = await errorOf(files, optionsFor(host, { maxRedirects: 3 }))

    expect(error.code).toBe('SOMON_REMOTE_REDIRECTS')
    expect(host.requests).toHaveLength(4)
  })

  test('refuses plain http, except to this machine when told so, and never after https', async () => {
    await using plain = await Host.start({ '/a.js': { text: 'export const a = 1' } })
    await using secure = await start({ '/a.js': { redirect: plain.url('/a.js') } })
    await using files = await project(plain.url('/a.js'))
    await using redirected = await project(secure.url('/a.js'))
    await using elsewhere = await project('http://modules.example/a.js')
    const allow = [plain.host, secure.host, 'modules.example']
    const loopback = { ...optionsFor(secure), allow, allowLoopbackHttp: true }

    const refused = await errorOf(files, { ...optionsFor(secure), allow })
    const accepted = await build(files, loopback)

    expect(refused.code).toBe('SOMON_REMOTE_INSECURE')
    expect(accepted.exports.a).toBe(1)
    expect((await errorOf(elsewhere, loopback)).code).toBe('SOMON_REMOTE_INSECURE')
    expect((await errorOf(redirected, loopback)).code).toBe('SOMON_REMOTE_INSECURE')
  })

  test('does not trust a certificate that nobody signed', async () => {
    await using host = await start({ '/a.js': { text: '' } })
    await using files = await project(host.url('/a.js'))

    const error = await errorOf(files, { allow: [host.host] })

    expect(error.code).toBe('SOMON_REMOTE_UNREACHABLE')
    expect(error.message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT')
    expect(host.requests).toEqual([])
  })

  test('bounds the size of a module, announced or not', async () => {
    await using host = await start({
      '/a.js': { text: `/*${'x'.repeat(2000)}*/` },
      '/b.js': (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/javascript' })
        const timer = setInterval(() => response.write('x'.repeat(500)), 1)
        response.on('close', () => clearInterval(timer))
      },
    })
    await using files = await project(host.url('/a.js'))
    await using endless = await project(host.url('/b.js'))

    const errors = [
      await errorOf(files, optionsFor(host, { maxBytes: 1000 })),
      await errorOf(endless, optionsFor(host, { maxBytes: 1000 })),
    ]

    expect(errors.map(({ code }) => code)).toEqual([
      'SOMON_REMOTE_TOO_LARGE',
      'SOMON_REMOTE_TOO_LARGE',
    ])
  })

  test('gives up on a host that accepts and stays silent', async () => {
    const silent = createServer((socket) => socket.resume())
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as { port: number }
    await using files = await project(`https://127.0.0.1:${port}/a.js`)

    const error = await errorOf(files, { allow: [`127.0.0.1:${port}`], timeoutMs: 50 })
    await new Promise((resolve) => silent.close(resolve))

    expect(error).toMatchObject({ code: 'SOMON_REMOTE_UNREACHABLE', retryable: true })
    expect(error.message).toContain('it did not answer in time')
  })

  test('notices a connection that breaks in the middle', async () => {
    await using host = await start({
      '/a.js': (_request, response) => {
        response.writeHead(200, { 'content-type': 'text/javascript', 'content-length': '100' })
        response.write('export const a = 1', () => response.destroy())
      },
    })
    await using files = await project(host.url('/a.js'))

    expect((await errorOf(files, optionsFor(host))).code).toBe('SOMON_REMOTE_UNREACHABLE')
  })

  test('refuses an encoding that was not asked for', async () => {
    await using host = await start({
      '/a.js': (_request, response) =>
        response
          .writeHead(200, { 'content-type': 'text/javascript', 'content-encoding': 'gzip' })
          .end('x'),
    })
    await using files = await project(host.url('/a.js'))

    expect((await errorOf(files, optionsFor(host))).message).toContain('the encoding "gzip"')
  })

  const answers: readonly [string, Page, string][] = [
    ['an error page', { type: 'text/html', text: '<h1>' }, 'SOMON_REMOTE_TYPE'],
    ['a missing module', { status: 404 }, 'SOMON_REMOTE_STATUS'],
    ['a vague type without an extension', { type: 'text/plain', text: '' }, 'SOMON_REMOTE_TYPE'],
  ]
  test.each(answers)('refuses %s', async (_title, page, code) => {
    await using host = await start({ '/a': page })
    await using files = await project(host.url('/a'))

    expect((await errorOf(files, optionsFor(host))).code).toBe(code)
  })

  test('takes the loader from attributes, type and extension', async () => {
    await using host = await start({
      '/t.css': { type: 'text/css', text: '.a {}' },
      '/j': { type: 'application/ld+json', text: '{"j":1}' },
      '/m.mjs': { type: 'text/plain', text: 'export default 2' },
      '/s.js': { text: 'export default 3' },
    })
    const line = (name: string, path: string, rest = ''): string =>
      `export { default as ${name} } from '${host.url(path)}'${rest}`
    await using files = await createFixture({
      'entry.ts': [
        line('css', '/t.css'),
        line('json', '/j', ` with { type: 'json' }`),
        line('module', '/m.mjs'),
        line('text', '/s.js', ` with { type: 'text' }`),
      ].join('\n'),
      'bad.ts': line('x', '/s.js', ` with { type: 'json' }`),
    })

    const { exports } = await build(files, optionsFor(host))
    const bad = await failureOf(buildWith(files, [remote(optionsFor(host))], { entry: 'bad.ts' }))

    expect({ ...exports }).toEqual({
      css: '.a {}',
      json: { j: 1 },
      module: 2,
      text: 'export default 3',
    })
    expect(bad.error.code).toBe('SOMON_REMOTE_TYPE')
  })

  test('gives bare names the address of the import map and refuses others', async () => {
    await using host = await start({
      '/a.js': { text: `export { n } from 'numbers'` },
      '/n.js': { text: 'export const n = 4' },
    })
    await using files = await project(host.url('/a.js'))

    const mapped = await build(files, optionsFor(host, { imports: { numbers: host.url('/n.js') } }))
    const error = await errorOf(files, optionsFor(host))

    expect(mapped.exports.n).toBe(4)
    expect(error.code).toBe('SOMON_REMOTE_BARE')
    expect(error.fix).toContain('"numbers"')
  })

  test('keeps remote modules from local files', async () => {
    await using host = await start({ '/a.js': { text: `export * from 'file:///etc/hosts'` } })
    await using files = await project(host.url('/a.js'))

    expect((await errorOf(files, optionsFor(host))).code).toBe('SOMON_REMOTE_LOCAL')
  })

  test('asks through a guard per host, and uses the copy when it is open', async () => {
    await using host = await start({ '/a.js': { text: 'export const a = 1' } })
    await using files = await project(host.url('/a.js'))
    const asked: string[] = []
    const passing: Guard = async (dependency, task) => {
      asked.push(dependency)
      return task(new AbortController().signal)
    }
    const open = new SomonError(
      'SOMON_GUARD_OPEN',
      'Cannot call it: open',
      'wait',
      {},
      { retryable: true },
    )
    const withGuard = (guard: Guard, extra: Partial<RemoteOptions>): Promise<Built> =>
      buildWith(files, [], {
        host: createHost(files.root, [remote(optionsFor(host, extra))], { guard }),
      })

    await withGuard(passing, {})
    const { exports, result } = await withGuard(() => Promise.reject(open), { refresh: true })
    await files.remove('node_modules')
    const { error } = await failureOf(withGuard(() => Promise.reject(open), {}))

    expect(asked).toEqual([new URL(host.url('/')).origin])
    expect(exports.a).toBe(1)
    expect(result.warnings[0]?.text).toContain('Cannot call it: open')
    expect(error).toBe(open)
  })

  test('says what is wrong with the lock file', async () => {
    await using files = await project('https://modules.example/a.js', {
      [LOCK]: '{ "version": 2 }',
    })

    const error = await errorOf(files, { allow: ['modules.example'] })

    expect(error.code).toBe('SOMON_REMOTE_LOCK')
    expect(error.message).toContain('its version is 2; expected 1')
  })

  test('refuses addresses with a password and options that contradict', async () => {
    await using files = await project('https://me:secret@modules.example/a.js')

    const error = await errorOf(files, { allow: ['modules.example'] })

    expect(error.code).toBe('SOMON_REMOTE_URL')
    expect(JSON.stringify(error)).not.toContain('secret')
    expect(() => remote({ allow: [], frozen: true, refresh: true })).toThrow(TypeError)
  })

  test('keeps in the lock what another process has added meanwhile', async () => {
    await using host = await start({ '/a.js': { text: 'export const a = 1' } })
    const other = {
      'https://modules.example/x.js': {
        integrity: `sha384-${'A'.repeat(64)}`,
        type: 'text/javascript',
        bytes: 1,
      },
    }
    await using files = await project(host.url('/a.js'), {
      [LOCK]: JSON.stringify({ version: 1, modules: other, redirects: {} }),
    })

    await build(files, optionsFor(host))

    expect(Object.keys((await lockOf(files)).modules).toSorted()).toEqual(
      [host.url('/a.js'), 'https://modules.example/x.js'].toSorted(),
    )
  })

  test('leaves other imports alone', async () => {
    await using files = await createFixture({
      'entry.ts': `export { x } from './x.ts'`,
      'x.ts': 'export const x = 1',
    })

    const { exports } = await build(files, { allow: [] })

    expect(exports.x).toBe(1)
    expect(isSomonError(exports)).toBe(false)
    await expect(readFile(join(files.root, LOCK))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
