import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { isSomonError } from '../../../src/base/error.ts'
import { buildWith, failureOf } from '../../../test/bundle/plugin-build.ts'
import { createFixture } from '../../../test/support/fixture.ts'
import { remote } from '../src/index.ts'
import { LOCK, start, optionsFor, project, build, errorOf } from './support/project.ts'

describe('remote()', () => {
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

  test('refuses addresses with a password and options that contradict', async () => {
    await using files = await project('https://me:secret@modules.example/a.js')

    const error = await errorOf(files, { allow: ['modules.example'] })

    expect(error.code).toBe('SOMON_REMOTE_URL')
    expect(JSON.stringify(error)).not.toContain('secret')
    expect(() => remote({ allow: [], frozen: true, refresh: true })).toThrow(TypeError)
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
