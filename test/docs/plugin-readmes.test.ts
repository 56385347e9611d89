import { execFile } from 'node:child_process'
import { cp, mkdir, readFile, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, test } from 'vitest'
import { Host, selfSigned } from '../../plugins/remote/test/support/host.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'
import { codeBlocks } from '../support/markdown.ts'

const root = join(import.meta.dirname, '../..')
const run = promisify(execFile)

/** Where the example module of each README stands in the fixture, beside the file it imports. */
const MODULES: Readonly<Record<string, string>> = {
  'css-modules': 'src/readme.ts',
  mdx: 'src/readme.ts',
  remote: 'src/readme.ts',
  wasm: 'src/readme.ts',
  yaml: 'config/readme.ts',
}

/** The README's configuration, program and module, in this order. */
interface Examples {
  readonly config: string
  readonly program: string
  readonly module: string
}

let tls: { readonly key: Buffer; readonly cert: Buffer }
beforeAll(async () => {
  tls = await selfSigned()
})

describe.each(Object.entries(MODULES))('the README of plugins/%s', (name, place) => {
  test('has a configuration and a program that compile', { timeout: 120_000 }, async () => {
    await using files = await project(name)
    const { config, program } = await examplesOf(name)
    await files.write('somon.config.ts', config)
    await files.write('program.ts', program)
    await files.write('tsconfig.json', JSON.stringify(compilerOptions(name)))

    const compiler = join(root, 'node_modules/typescript/bin/tsc')
    const result = await run(process.execPath, [compiler, '-p', files.root]).catch(
      (error: { stdout: string }) => error,
    )

    expect(result.stdout).toBe('')
  })

  test('has a module that runs in both ways', { timeout: 60_000 }, async () => {
    await using host = await Host.start({ '/date-fns@4': { text: 'export const format = 1' } }, tls)
    await using files = await project(name)
    const examples = local(await examplesOf(name), host)
    const end = `\nconst { exports } = await system.load('./${place}')\nconsole.log(JSON.stringify(exports.seen))\n`
    await files.write(place, withSeen(examples.module))
    await files.write('somon.config.ts', examples.config)
    await files.write('program.ts', examples.program + end)
    await files.write(
      'configured.ts',
      `import { ModuleSystem } from 'somon'\nimport config from './somon.config.ts'\n` +
        `const system = new ModuleSystem(config)\n${end}`,
    )

    for (const file of ['program.ts', 'configured.ts']) {
      const { stdout } = await run(process.execPath, ['--conditions=somon-source', file], {
        cwd: files.root,
        env: { PATH: process.env.PATH },
      })
      const kinds = JSON.parse(stdout) as string[]

      expect(kinds.length).toBeGreaterThan(0)
      expect(kinds).not.toContain('undefined')
    }
  })
})

async function examplesOf(name: string): Promise<Examples> {
  const text = await readFile(join(root, 'plugins', name, 'README.md'), 'utf8')
  const blocks = codeBlocks(text).filter(({ language }) => language === 'ts')
  const [config = '', program = '', module = ''] = blocks.map((block) => block.text)
  return { config, program, module }
}

/** The same, with a host of this machine in place of the one on the network. */
function local({ config, program, module }: Examples, host: Host): Examples {
  const rules = `allow: ['${host.host}'], ca: ${JSON.stringify(tls.cert.toString())}`
  const replace = (text: string): string =>
    text.replace(`allow: ['esm.sh']`, rules).replaceAll('https://esm.sh', host.url(''))
  return { config: replace(config), program: replace(program), module: replace(module) }
}

/** Exports what the module imports: esbuild drops imports that nothing uses. */
function withSeen(module: string): string {
  const names = [...module.matchAll(/^import (?<clause>.+) from/gm)].flatMap((match) =>
    (match.groups?.clause ?? '').split(/[{},]/).map((name) => name.trim()),
  )
  const kinds = names.filter((name) => name !== '').map((name) => `typeof ${name}`)
  return `${module}\nexport const seen = [${kinds.join(', ')}]\n`
}

/** A copy of the plugin's fixture in which the plugin and somon are installed. */
async function project(name: string): Promise<Fixture> {
  const files = await createFixture({ 'package.json': '{"type":"module"}' })
  await cp(join(root, 'plugins', name, 'fixture'), files.root, { recursive: true })
  const link = async (path: string, target: string): Promise<void> => {
    const at = files.path('node_modules', path)
    await mkdir(dirname(at), { recursive: true })
    await symlink(join(root, target), at, 'dir')
  }
  await link('somon', '.')
  await link(`somon-plugin-${name}`, join('plugins', name))
  await link('@types/node', 'node_modules/@types/node')
  for (const runtime of ['react', 'preact']) {
    const folder = `node_modules/${runtime}`
    await files.write(`${folder}/package.json`, '{"type":"module","exports":{"./*":"./*.js"}}')
    await files.write(
      `${folder}/jsx-runtime.js`,
      'export const jsx = (type, props) => ({ type, props })\nexport const jsxs = jsx\nexport const Fragment = 1',
    )
  }
  return files
}

function compilerOptions(name: string): object {
  return {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { types: ['node'], noEmit: true, allowImportingTsExtensions: true },
    // The sources of the plugin are compiled along; those of its packages without types name them.
    include: ['somon.config.ts', 'program.ts', join(root, 'plugins', name, 'src/*.d.ts')],
    exclude: ['node_modules'],
  }
}
