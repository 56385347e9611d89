import { readFile, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { integrityOf } from '../src/copies.ts'
import { LOCK, start, optionsFor, project, build, errorOf, lockOf } from './support/project.ts'

describe('remote() with its lock', () => {
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

  test('says what is wrong with the lock file', async () => {
    await using files = await project('https://modules.example/a.js', {
      [LOCK]: '{ "version": 2 }',
    })

    const error = await errorOf(files, { allow: ['modules.example'] })

    expect(error.code).toBe('SOMON_REMOTE_LOCK')
    expect(error.message).toContain('its version is 2; expected 1')
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
})
