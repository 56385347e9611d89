import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import { SomonError } from '../../../src/base/error.ts'
import type { Guard } from '../../../src/base/guard.ts'
import { buildWith, createHost, failureOf, type Built } from '../../../test/bundle/plugin-build.ts'
import { remote, type RemoteOptions } from '../src/index.ts'
import { Host, type Page } from './support/host.ts'
import { start, optionsFor, project, build, errorOf, lockOf } from './support/project.ts'

describe('remote() and the network', () => {
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
})
