/** Entries, paths and configuration files as nobody wants them: a coded error with a way out, or it works. */
import { execFileSync } from 'node:child_process'
import { symlink } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { isSomonError } from '../../src/base/error.ts'
import { ModuleSystem } from '../../src/system/module-system.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'

type Settings = ConstructorParameters<typeof ModuleSystem>[0]

/** What a load shows: its exports, or `CODE: message ~ fix`. */
async function shown(root: string, entry: string, settings: Settings = {}): Promise<unknown> {
  await using system = new ModuleSystem({ ...settings, root })
  try {
    return { ...(await system.load(entry)).exports }
  } catch (error) {
    if (!isSomonError(error)) throw error
    return `${error.code}: ${error.message} ~ ${error.fix}`
  }
}

const NOT_FOUND = 'SOMON_RESOLVE_NOT_FOUND: Cannot resolve'
const FIX = 'Correct the specifier, create the file, or install the package'

describe('ModuleSystem.load() of what is no source', () => {
  const special: readonly {
    readonly kind: string
    readonly make: (fixture: Fixture) => Promise<unknown>
    readonly expected: string
  }[] = [
    {
      kind: 'a loop of links',
      make: async (fixture) => {
        await symlink(fixture.path('zzz'), fixture.path('main.ts'))
        await symlink(fixture.path('main.ts'), fixture.path('zzz'))
      },
      expected: `${NOT_FOUND} "./main.ts" from ".": it is a link that leads to no file ~ ${FIX}`,
    },
    {
      kind: 'a link to nothing',
      make: (fixture) => symlink(fixture.path('zzz'), fixture.path('main.ts')),
      expected: `${NOT_FOUND} "./main.ts" from ".": it is a link that leads to no file ~ ${FIX}`,
    },
    {
      kind: 'a folder without an index',
      make: (fixture) => fixture.write('main.ts/data.txt', ''),
      expected: `${NOT_FOUND} "./main.ts" from ".": it is a folder without an index file ~ Name a file in the folder, or give it an index file`,
    },
    {
      kind: 'a named pipe',
      make: async (fixture) => execFileSync('mkfifo', [fixture.path('main.ts')]),
      expected: `${NOT_FOUND} "./main.ts" from ".": it is no regular file ~ ${FIX}`,
    },
    {
      kind: 'a binary file',
      make: (fixture) => fixture.write('main.ts', new Uint8Array([0, 159, 146, 150])),
      expected:
        'SOMON_BUNDLE_FAILED: Cannot bundle "main.ts": unexpected "\\x00" (main.ts:1:1) ~ Correct the source at the place shown',
    },
  ]

  test.each(special)('$kind says so', async ({ make, expected }) => {
    await using fixture = await createFixture()
    await make(fixture)

    expect(await shown(fixture.root, './main.ts')).toBe(expected)
  })

  /** Symptom: the process stood still. Cause: the reader opened the pipe and waited for a writer. */
  test('an imported pipe or device does not block the process', async () => {
    await using fixture = await createFixture({
      'pipe.ts': "import './p.ts'",
      'device.ts': "import './zero.ts'",
    })
    execFileSync('mkfifo', [fixture.path('p.ts')])
    await symlink('/dev/zero', fixture.path('zero.ts'))

    expect(await shown(fixture.root, './pipe.ts')).toContain('"p.ts" is no regular file')
    expect(await shown(fixture.root, './device.ts')).toContain('"zero" is no regular file')
  })

  test('a file that goes between resolve and read is named, with a fix', async () => {
    await using fixture = await createFixture({ 'main.ts': "import './dep.ts'", 'dep.ts': '' })
    const plugin = {
      name: 'removes',
      cacheKey: '1',
      load: async (id: string) => {
        if (id.endsWith('dep.ts')) await fixture.remove('dep.ts')
        return null
      },
    }

    expect(await shown(fixture.root, './main.ts', { plugins: [plugin] })).toBe(
      'SOMON_BUNDLE_FAILED: Cannot bundle "main.ts": "dep.ts" is gone since it was found (main.ts:1:8) ~ Create the file, or correct the specifier',
    )
  })

  test('a name of Node is not offered as its own correction', async () => {
    await using fixture = await createFixture()

    expect(await shown(fixture.root, 'node:fs')).toBe(
      `${NOT_FOUND} "node:fs" from ".": it is part of Node; an entry is a file ~ ${FIX}`,
    )
  })

  test.each([null, undefined, 5, {}])('%j is refused as an argument', async (entry) => {
    await using fixture = await createFixture()
    await using system = new ModuleSystem({ root: fixture.root })

    await expect(system.load(entry as never)).rejects.toThrow('An entry must be a string or a URL')
  })

  test('ten megabytes on one line are loaded, and a fault in them is reported', async () => {
    const wide = `export const list = [${'"xxxxxxxxx",'.repeat(850_000)}]`
    await using fixture = await createFixture({ 'good.ts': wide, 'bad.ts': wide.slice(0, -1) })

    const good = await shown(fixture.root, './good.ts')

    expect((good as { list: unknown[] }).list).toHaveLength(850_000)
    expect(await shown(fixture.root, './bad.ts')).toContain('unexpected end of file (bad.ts:1:')
  })
})

describe('ModuleSystem.load() of a path', () => {
  const names = [
    'a b',
    'a#b',
    'a?b',
    'a%20b',
    'a%',
    'ünï☿',
    `q'"\``,
    '[id]',
    '(group)',
    '$&{x}',
    '*',
  ]

  /**
   * Symptom: stacks showed `%5Bid%5D.ts`. Cause: esbuild escapes the sources of a map as URLs.
   * Fix: they are decoded where positions are looked up.
   */
  test.each(names)('%s works, is shown plainly in stacks, and imports as such', async (name) => {
    await using fixture = await createFixture({
      [`${name}.ts`]: `import { dep } from './d #?%/dep.ts'
        export const seen = [dep, import.meta.filename, new Error('here').stack.split('\\n')[1]]`,
      'd #?%/dep.ts': 'export const dep = import.meta.filename',
    })
    const file = fixture.path(`${name}.ts`)

    const exports = await shown(fixture.root, file, { loading: { sourceMaps: 'eager' } })

    expect(exports).toEqual({
      seen: [fixture.path('d #?%/dep.ts'), file, `    at ${file}:2:57`],
    })
  })

  test('a root that is a link, or full of strange characters, is a root', async () => {
    await using fixture = await createFixture({
      "we ird #%?'é/main.ts": 'export const file = import.meta.filename',
    })
    await symlink(fixture.path("we ird #%?'é"), fixture.path('link'))
    const file = fixture.path("we ird #%?'é/main.ts")

    expect(await shown(fixture.path("we ird #%?'é"), './main.ts')).toEqual({ file })
    expect(await shown(fixture.path('link'), './main.ts')).toEqual({ file })
    expect(await shown(fixture.path('link'), fixture.path('link/main.ts'))).toEqual({ file })
  })

  test('a root that is a file is refused as a root', async () => {
    await using fixture = await createFixture({ 'main.ts': '' })

    expect(await shown(fixture.path('main.ts'), './main.ts')).toContain('SOMON_SYSTEM_ROOT_MISSING')
  })
})

describe('ModuleSystem.load() beside a configuration file', () => {
  const files = {
    'tsconfig.json': ['{ "compilerOptions": {', '', '{"compilerOptions":{"paths":{"x":"y"}}}'],
    'package.json': ['{ "name": ', '', '[1]'],
  }
  const broken = Object.entries(files).flatMap(([file, texts]) =>
    texts.map((text) => ({ file, text })),
  )

  test.each(broken)('$file with $text is named', async ({ file, text }) => {
    await using fixture = await createFixture({
      'main.ts': "import 'x'; export const a = 1",
      [file]: text,
    })

    expect(await shown(fixture.root, './main.ts')).toMatch(
      new RegExp(String.raw`^SOMON_(?:BUNDLE_FAILED|RESOLVE_UNREADABLE_CONFIG): .*${file}:1:`),
    )
  })

  test.each([
    '{ /* c */ "compilerOptions": { "target": "es2020", }, // x\n }',
    '{ "extends": "./tsconfig.json" }',
    '{ "extends": 5, "compilerOptions": 7 }',
    'null',
  ])('tsconfig.json with %s does not stop a load', async (text) => {
    await using fixture = await createFixture({
      'main.ts': 'export const a = 1',
      'tsconfig.json': text,
    })

    expect(await shown(fixture.root, './main.ts')).toEqual({ a: 1 })
  })
})
