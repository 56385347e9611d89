import { mkdir, symlink } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ImportKind, ResolveOptions } from '../../src/resolve/resolution.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'

/** A project on disk and the imports to look up in it; named by the behaviour it shows. */
export interface Project {
  readonly files: Readonly<Record<string, string>>
  /** Path → target of a link, relative to the link's folder. */
  readonly links?: Readonly<Record<string, string>>
  readonly options?: Partial<ResolveOptions>
  readonly imports: readonly ProjectImport[]
}

export interface ProjectImport {
  readonly from: string
  readonly spec: string
  readonly kind?: Extract<ImportKind, 'import' | 'require'>
  /**
   * What is expected while packages stay imports: a file for a source, `external <file>`,
   * `builtin <name>`, `missing`.
   */
  readonly is: string
  /** Why esbuild may answer otherwise; without it the answers must be equal. */
  readonly differs?: 'guesses no .mts' | 'no rootDirs' | 'no references' | 'no file URLs'
}

/** Writes a project into a fresh folder. */
export async function createProject(project: Project): Promise<Fixture> {
  const fixture = await createFixture(project.files)
  for (const [path, target] of Object.entries(project.links ?? {})) {
    await mkdir(dirname(fixture.path(path)), { recursive: true })
    await symlink(target, fixture.path(path), 'junction')
  }
  return fixture
}

const json = (value: unknown): string => JSON.stringify(value)

export const projects: Readonly<Record<string, Project>> = {
  'relative paths guess extensions and indexes': {
    files: {
      'src/main.ts': '',
      'src/a.ts': '',
      'src/both.ts': '',
      'src/both.js': '',
      'src/view.tsx': '',
      'src/style.css': '',
      'src/data.json': '{}',
      'src/dir/index.ts': '',
      'src/pkg/package.json': json({ main: './lib/start.js' }),
      'src/pkg/lib/start.ts': '',
      'src/dotted.name.ts': '',
      'src/deep/up.ts': '',
      'src/new/index.mts': '',
      'src/modern.mts': '',
      'src/same.ts': '',
      'src/same/index.ts': '',
    },
    imports: [
      { from: 'src/main.ts', spec: './a', is: 'src/a.ts' },
      { from: 'src/main.ts', spec: './a.ts', is: 'src/a.ts' },
      { from: 'src/main.ts', spec: './a.js', is: 'src/a.ts' },
      { from: 'src/main.ts', spec: './view.js', is: 'src/view.tsx' },
      { from: 'src/main.ts', spec: './view.jsx', is: 'src/view.tsx' },
      { from: 'src/main.ts', spec: './both', is: 'src/both.ts' },
      { from: 'src/main.ts', spec: './both.js', is: 'src/both.js' },
      { from: 'src/main.ts', spec: './style', is: 'src/style.css' },
      { from: 'src/main.ts', spec: './data', is: 'src/data.json' },
      { from: 'src/main.ts', spec: './dir', is: 'src/dir/index.ts' },
      { from: 'src/main.ts', spec: './dir/', is: 'src/dir/index.ts' },
      { from: 'src/main.ts', spec: './dir/index.js', is: 'src/dir/index.ts' },
      { from: 'src/main.ts', spec: './pkg', is: 'src/pkg/lib/start.ts' },
      { from: 'src/main.ts', spec: './dotted.name', is: 'src/dotted.name.ts' },
      { from: 'src/main.ts', spec: './same', is: 'src/same.ts' },
      { from: 'src/main.ts', spec: './same/', is: 'src/same/index.ts' },
      { from: 'src/deep/up.ts', spec: '../a', is: 'src/a.ts' },
      { from: 'src/deep/up.ts', spec: '..', is: 'missing' },
      { from: 'src/dir/index.ts', spec: '.', is: 'src/dir/index.ts' },
      { from: 'src/main.ts', spec: './a?raw', is: 'src/a.ts' },
      { from: 'src/main.ts', spec: './modern.mjs', is: 'src/modern.mts' },
      { from: 'src/main.ts', spec: './nothing', is: 'missing' },
      { from: 'src/main.ts', spec: './A', is: 'missing' },
      { from: 'src/main.ts', spec: './new', is: 'src/new/index.mts', differs: 'guesses no .mts' },
      { from: 'src/main.ts', spec: './modern', is: 'src/modern.mts', differs: 'guesses no .mts' },
    ],
  },
  'tsconfig paths, baseUrl and extends chains': {
    files: {
      'tsconfig.root.json': `{ // comments and trailing commas
        "compilerOptions": { "baseUrl": "./src", "paths": { "unused": ["./nope"], }, }, }`,
      'tsconfig.base.json': json({
        extends: './tsconfig.root.json',
        compilerOptions: {
          paths: {
            '@/*': ['./missing/*', './*'],
            exact: ['./lib/exact.ts'],
            'lib-*': ['./lib/*-part.ts'],
            swapped: ['../node_modules/other/index.js'],
          },
        },
      }),
      'tsconfig.json': json({ extends: ['./tsconfig.base.json'], include: ['src'] }),
      'package.json': json({ name: 'app' }),
      'src/main.ts': '',
      'src/lib/exact.ts': '',
      'src/lib/one-part.ts': '',
      'src/based.ts': '',
      'tools/outside.ts': '',
      'inner/tsconfig.json': json({ compilerOptions: { paths: { '@/*': ['./*'] } } }),
      'inner/a.ts': '',
      'node_modules/other/index.js': '',
      'node_modules/other/package.json': json({ name: 'other' }),
      'node_modules/other/uses.js': '',
    },
    imports: [
      { from: 'src/main.ts', spec: '@/lib/exact', is: 'src/lib/exact.ts' },
      { from: 'src/main.ts', spec: '@/lib/exact.js', is: 'src/lib/exact.ts' },
      { from: 'src/main.ts', spec: 'exact', is: 'src/lib/exact.ts' },
      { from: 'src/main.ts', spec: 'lib-one', is: 'src/lib/one-part.ts' },
      { from: 'src/main.ts', spec: 'based', is: 'src/based.ts' },
      { from: 'src/main.ts', spec: 'swapped', is: 'node_modules/other/index.js' },
      { from: 'tools/outside.ts', spec: 'exact', is: 'src/lib/exact.ts' },
      { from: 'inner/a.ts', spec: '@/a', is: 'inner/a.ts' },
      { from: 'node_modules/other/uses.js', spec: 'exact', is: 'external' },
    ],
  },
  'rootDirs and project references are followed': {
    files: {
      'tsconfig.json': json({
        files: [],
        references: [{ path: './tsconfig.app.json' }],
        compilerOptions: { rootDirs: ['./src', './generated'] },
      }),
      'tsconfig.app.json': json({
        compilerOptions: { composite: true, paths: { '~/*': ['./src/*'] } },
        include: ['src'],
      }),
      'src/main.ts': '',
      'src/a.ts': '',
      'plain/tsconfig.json': json({ compilerOptions: { rootDirs: ['./src', './generated'] } }),
      'plain/src/main.ts': '',
      'plain/generated/api/client.ts': '',
    },
    imports: [
      {
        from: 'plain/src/main.ts',
        spec: './api/client.js',
        is: 'plain/generated/api/client.ts',
        differs: 'no rootDirs',
      },
      { from: 'src/main.ts', spec: '~/a', is: 'src/a.ts', differs: 'no references' },
    ],
  },
  'exports maps, conditions and subpaths': {
    files: {
      'main.ts': '',
      'node_modules/dual/package.json': json({
        name: 'dual',
        main: './never.js',
        exports: {
          '.': { import: './esm.mjs', require: './cjs.cjs' },
          './sync': { 'module-sync': './sync.js', default: './async.js' },
          './addon': { 'node-addons': './addon.js', default: './js.js' },
          './custom': { staging: './staging.js', default: './live.js' },
          './features/*.js': './lib/features/*.js',
          './features/private/*': null,
          './nested': { node: { import: './esm.mjs' }, default: './js.js' },
          './list': [{ nothing: './nope.js' }, './js.js'],
        },
      }),
      ...Object.fromEntries(
        'esm.mjs cjs.cjs sync.js async.js addon.js js.js staging.js live.js lib/features/x.js'
          .split(' ')
          .map((name) => [`node_modules/dual/${name}`, '']),
      ),
    },
    options: { conditions: ['staging'] },
    imports: [
      { from: 'main.ts', spec: 'dual', is: 'external node_modules/dual/esm.mjs' },
      { from: 'main.ts', spec: 'dual', kind: 'require', is: 'external node_modules/dual/cjs.cjs' },
      { from: 'main.ts', spec: 'dual/sync', is: 'external node_modules/dual/sync.js' },
      { from: 'main.ts', spec: 'dual/addon', is: 'external node_modules/dual/addon.js' },
      { from: 'main.ts', spec: 'dual/custom', is: 'external node_modules/dual/staging.js' },
      {
        from: 'main.ts',
        spec: 'dual/features/x.js',
        is: 'external node_modules/dual/lib/features/x.js',
      },
      { from: 'main.ts', spec: 'dual/features/private/x.js', is: 'external' },
      { from: 'main.ts', spec: 'dual/nested', is: 'external node_modules/dual/esm.mjs' },
      {
        from: 'main.ts',
        spec: 'dual/nested',
        kind: 'require',
        is: 'external node_modules/dual/js.js',
      },
      { from: 'main.ts', spec: 'dual/list', is: 'external node_modules/dual/js.js' },
      { from: 'main.ts', spec: 'dual/hidden.js', is: 'external' },
      { from: 'main.ts', spec: 'absent', is: 'external' },
      { from: 'main.ts', spec: '@absent/x/y', is: 'external' },
    ],
  },
  'packages without exports': {
    files: {
      'main.ts': '',
      'node_modules/old/package.json': json({
        name: 'old',
        main: 'lib/start',
        module: 'lib/esm.js',
      }),
      'node_modules/old/lib/start.js': '',
      'node_modules/old/lib/esm.js': '',
      'node_modules/old/lib/part.js': '',
      'node_modules/bare/index.js': '',
      'node_modules/@s/scoped/package.json': json({ name: '@s/scoped', main: './a.js' }),
      'node_modules/@s/scoped/a.js': '',
      'node_modules/mixed/package.json': json({ name: 'mixed' }),
      'node_modules/mixed/index.js': '',
      'node_modules/mixed/twice.js': '',
      'node_modules/mixed/twice.ts': '',
      'node_modules/mixed/user.js': '',
      'node_modules/outer/package.json': json({ name: 'outer', main: 'm.js' }),
      'node_modules/outer/m.js': '',
      'node_modules/outer/node_modules/bare/index.js': '',
      'node_modules/punycode/package.json': json({ name: 'punycode', main: 'p.js' }),
      'node_modules/punycode/p.js': '',
    },
    imports: [
      { from: 'main.ts', spec: 'old', is: 'external node_modules/old/lib/start.js' },
      {
        from: 'main.ts',
        spec: 'old',
        kind: 'require',
        is: 'external node_modules/old/lib/start.js',
      },
      { from: 'main.ts', spec: 'old/lib/part.js', is: 'external node_modules/old/lib/part.js' },
      { from: 'main.ts', spec: 'old/lib/part', is: 'external' },
      {
        from: 'main.ts',
        spec: 'old/lib/part',
        kind: 'require',
        is: 'external node_modules/old/lib/part.js',
      },
      { from: 'main.ts', spec: 'bare', is: 'external node_modules/bare/index.js' },
      { from: 'main.ts', spec: '@s/scoped', is: 'external node_modules/@s/scoped/a.js' },
      { from: 'node_modules/mixed/user.js', spec: './twice', is: 'node_modules/mixed/twice.js' },
      {
        from: 'node_modules/outer/m.js',
        spec: 'bare',
        is: 'external node_modules/outer/node_modules/bare/index.js',
      },
      {
        from: 'main.ts',
        spec: 'punycode/',
        kind: 'require',
        is: 'external node_modules/punycode/p.js',
      },
    ],
  },
  'the own package name and imports': {
    files: {
      'package.json': json({
        name: 'app',
        type: 'module',
        exports: { '.': './src/main.ts', './tools/*': './src/tools/*.ts' },
        imports: {
          '#lib/*': './src/lib/*.ts',
          '#fs': 'node:fs',
          '#dep': 'dep',
          '#cond': { staging: './src/lib/b.ts', default: './src/lib/a.ts' },
        },
      }),
      'src/main.ts': '',
      'src/tools/t.ts': '',
      'src/lib/a.ts': '',
      'src/lib/b.ts': '',
      'node_modules/dep/package.json': json({ name: 'dep', main: 'd.js' }),
      'node_modules/dep/d.js': '',
    },
    imports: [
      { from: 'src/lib/a.ts', spec: 'app', is: 'src/main.ts' },
      { from: 'src/main.ts', spec: 'app/tools/t', is: 'src/tools/t.ts' },
      { from: 'src/main.ts', spec: 'app/hidden', is: 'missing' },
      { from: 'src/main.ts', spec: '#lib/a', is: 'src/lib/a.ts' },
      { from: 'src/main.ts', spec: '#cond', is: 'src/lib/a.ts' },
      { from: 'src/main.ts', spec: '#fs', is: 'builtin node:fs' },
      { from: 'src/main.ts', spec: '#dep', is: 'external node_modules/dep/d.js' },
      { from: 'src/main.ts', spec: '#nothing', is: 'missing' },
    ],
  },
  'workspace packages behind links': {
    files: {
      'package.json': json({ name: 'mono', workspaces: ['packages/*'] }),
      'apps/web/main.ts': '',
      'packages/core/package.json': json({
        name: '@mono/core',
        exports: { '.': './src/index.ts', './x': './src/x.ts' },
      }),
      'packages/core/src/index.ts': '',
      'packages/core/src/x.ts': '',
      'packages/plain/package.json': json({ name: 'plain', main: 'index.ts' }),
      'packages/plain/index.ts': '',
      'node_modules/.store/dep@1/node_modules/dep/package.json': json({ name: 'dep' }),
      'node_modules/.store/dep@1/node_modules/dep/index.js': '',
    },
    links: {
      'node_modules/@mono/core': '../../packages/core',
      'node_modules/plain': '../packages/plain',
      'node_modules/dep': './.store/dep@1/node_modules/dep',
      'packages/core/node_modules/plain': '../../plain',
    },
    imports: [
      { from: 'apps/web/main.ts', spec: '@mono/core', is: 'packages/core/src/index.ts' },
      { from: 'apps/web/main.ts', spec: '@mono/core/x', is: 'packages/core/src/x.ts' },
      { from: 'apps/web/main.ts', spec: '@mono/core/nope', is: 'missing' },
      { from: 'apps/web/main.ts', spec: 'plain', is: 'packages/plain/index.ts' },
      { from: 'packages/core/src/index.ts', spec: 'plain', is: 'packages/plain/index.ts' },
      {
        from: 'apps/web/main.ts',
        spec: 'dep',
        is: 'external node_modules/.store/dep@1/node_modules/dep/index.js',
      },
    ],
  },
  'builtins with and without their prefix': {
    files: { 'main.ts': '', 'node_modules/fs/index.js': '', 'node_modules/test/index.js': '' },
    imports: [
      { from: 'main.ts', spec: 'fs', is: 'builtin node:fs' },
      { from: 'main.ts', spec: 'node:fs', is: 'builtin node:fs' },
      { from: 'main.ts', spec: 'fs/promises', is: 'builtin node:fs/promises' },
      { from: 'main.ts', spec: 'node:sqlite', is: 'builtin node:sqlite' },
      { from: 'main.ts', spec: 'test', is: 'external node_modules/test/index.js' },
    ],
  },
}
