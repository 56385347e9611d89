import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { createFixture, type Fixture } from '../../../test/support/fixture.ts'
import { runCli } from '../../../test/support/run-cli.ts'
import { Host, selfSigned } from './support/host.ts'

let tls: { readonly key: Buffer; readonly cert: Buffer }
beforeAll(async () => {
  tls = await selfSigned()
})

const TEXT = `console.log('main', import.meta.main, process.argv[2])
export const url: string = import.meta.url`

function start(): Promise<Host> {
  return Host.start({ '/app/main.ts': { type: 'application/typescript', text: TEXT } }, tls)
}

function project(host: Host): Promise<Fixture> {
  const plugin = join(import.meta.dirname, '../src/index.ts')
  return createFixture({
    'package.json': '{"type":"module"}',
    'ca.pem': tls.cert.toString(),
    'somon.config.ts': [
      `import { readFileSync } from 'node:fs'`,
      `import { remote } from ${JSON.stringify(plugin)}`,
      `const ca = readFileSync(new URL('ca.pem', import.meta.url), 'utf8')`,
      `export default { plugins: [remote({ allow: ['${host.host}'], ca })] }`,
    ].join('\n'),
  })
}

describe('somon with the address of a module', () => {
  test('run runs it as the program, and again when the host is down', async () => {
    await using host = await start()
    await using files = await project(host)
    const run = (): ReturnType<typeof runCli> =>
      runCli(['run', host.url('/app/main.ts'), '--', 'word'], { cwd: files.root })

    const first = await run()
    await host.stop()
    const second = await run()

    expect([first.stderr, first.stdout, first.code]).toEqual(['', 'main true word\n', 0])
    expect([second.stderr, second.stdout, second.code]).toEqual(['', 'main true word\n', 0])
    expect(host.requests).toEqual(['/app/main.ts'])
  })

  test('bundle writes a file that runs', async () => {
    await using host = await start()
    await using files = await project(host)

    const { code, stderr } = await runCli(['bundle', host.url('/app/main.ts')], { cwd: files.root })
    const made = (await import(files.path('dist/main.js'))) as { url: string }

    expect(stderr).toMatch(/^dist\/main\.js/)
    expect(code).toBe(0)
    expect(made.url).toMatch(/^file:.*\/dist\/main\.js$/)
  })

  test.each(['run', 'bundle', 'graph'])('%s names the plugin that is lacking', async (command) => {
    await using files = await createFixture({ 'package.json': '{"type":"module"}' })

    const done = await runCli([command, 'https://modules.example/a.ts'], { cwd: files.root })

    expect(done.code).toBe(1)
    expect(done.stderr).toContain('SOMON_RESOLVE_NOT_FOUND')
    expect(done.stderr).toContain('Add somon-plugin-remote to the plugins')
  })
})
