import { statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { digest } from '../../src/base/digest.ts'
import type { BuildOutcome } from '../../src/bundle/build-outcome.ts'
import type { EsbuildMetafile } from '../../src/bundle/esbuild.ts'
import type { HotRebuild } from '../../src/bundle/hot-rebuild.ts'
import { HotSession, HotSessions } from '../../src/bundle/hot-session.ts'
import type { Stamps } from '../../src/bundle/stamps.ts'
import type { BuildResolver } from '../../src/bundle/esbuild-options.ts'
import { createFixture } from '../support/fixture.ts'
import { createBundling, type Bundling } from './support/bundling.ts'
import { runWrapped } from './support/run-wrapped.ts'

type Built = Extract<BuildOutcome, { ok: true }>

async function hot({ bundler, options }: Bundling, entry = 'a.ts'): Promise<Built> {
  const [outcome] = await bundler.build([entry], options, { hot: true })
  if (outcome?.ok !== true) throw outcome?.error ?? new Error('no outcome')
  return outcome
}

/** Has each thing happen while esbuild looks for the import that a plugin of ours resolves. */
function during(steps: (() => void)[]): (resolver: BuildResolver) => BuildResolver {
  return (resolver) => ({
    inlineNames: () => resolver.inlineNames(),
    resolve: (specifier, importer, kind) => {
      if (specifier.startsWith('own/')) steps.shift()?.()
      return resolver.resolve(specifier, importer, kind)
    },
  })
}

/** What the manifest says of each file, against the text that was compiled. */
function recorded({ inputs }: Built, path: string): string | undefined {
  return inputs.files.find(([file]) => file === path)?.[1]
}

/** The clock of a build an hour from now: every file has come to rest. */
const LATER = { now: () => Date.now() + 3_600_000 }

describe('Bundler.build() of a hot entry', () => {
  test('makes the artifact of a clean build, however often and whatever was edited', async () => {
    await using fixture = await createFixture({
      'package.json': '{"name":"own","type":"module"}',
      'a.ts': 'import { b } from "./b.ts"; import data from "./d.json"; export const a = [b, data]',
      'b.ts': 'export * from "./c.ts"; export const b: number = 1',
      'c.ts': 'export const c = import.meta.filename',
      'd.json': '{"d":1}',
    })
    await using bundling = createBundling(fixture.root, { clock: LATER })
    const edits: [string, string][] = [
      ['b.ts', 'export * from "./c.ts"; export const b: number = 2'],
      ['b.ts', 'export * from "./c.ts"; export const b: number = 3'],
      ['d.json', '{"d":2}'],
      ['c.ts', 'export const c = 4'],
      ['tsconfig.json', '{"compilerOptions":{"useDefineForClassFields":false}}'],
      ['tsconfig.json', '{"compilerOptions":{"useDefineForClassFields":true}}'],
      ['base.json', '{"compilerOptions":{"target":"es2022"}}'],
      ['tsconfig.json', '{"extends":"./base.json"}'],
      ['base.json', '{"compilerOptions":{"target":"es2023"}}'],
      ['beside.ts', 'export {}'],
      ['node_modules/own/index.js', 'export {}'],
      ['b.ts', 'export * from "./c"; export const b: number = 5'],
      ['c.js', 'export const c = 6'],
      ['b.ts', 'import "left-pad"; export * from "./c"; export const b: number = 7'],
      ['b.ts', 'export * from "./c.ts"; export const b: number = 8'],
      ['a.ts', 'export { b, c } from "./b.ts"'],
      ['b.ts', 'export * from "./c.ts"; export const b: string = __filename'],
    ]

    for (const [file, text] of edits) {
      await hot(bundling)
      await fixture.write(file, text)
      const built = await hot(bundling)
      const clean = await bundling.one('a.ts')

      expect(built.artifact).toEqual(clean.artifact)
      expect(built.inputs).toEqual(clean.inputs)
    }
  })

  test('never records a file that changed while esbuild read', async () => {
    const steps: (() => void)[] = []
    await using fixture = await createFixture({
      'package.json': '{"name":"own","exports":{"./*":"./*.ts"}}',
      'a.ts': 'import "own/c"; import { b } from "./b.ts"; export const a = b',
      'b.ts': 'export const b = 1',
      'c.ts': 'export {}',
    })
    await using bundling = createBundling(fixture.root, {
      clock: LATER,
      resolver: during(steps),
    })
    await hot(bundling)
    await hot(bundling)
    const builds = bundling.bundler.stats().builds

    steps.push(() => writeFileSync(fixture.path('b.ts'), 'export const b = 2'))
    const built = await hot(bundling)

    expect(steps).toEqual([])
    expect((await runWrapped(built.artifact)).exports).toEqual({ a: 2 })
    expect(recorded(built, 'b.ts')).toBe(digest('export const b = 2'))
    expect(bundling.bundler.stats().builds).toBe(builds + 2)
  })

  test('never records a file that was put back after esbuild had read', async () => {
    const steps: (() => void)[] = []
    const [was, meanwhile] = ['export const b = 1', 'export const b = 2']
    await using fixture = await createFixture({
      'package.json': '{"name":"own","exports":{"./*":"./*.ts"}}',
      'a.ts': 'import "own/c"; import { b } from "./b.ts"; import "./d.ts"; export const a = b',
      'b.ts': was,
      'c.ts': 'export {}',
      'd.ts': 'import "./e.ts"',
      'e.ts': 'import "own/f"',
      'f.ts': 'export {}',
    })
    const file = fixture.path('b.ts')
    await using bundling = createBundling(fixture.root, {
      clock: LATER,
      resolver: during(steps),
    })
    await hot(bundling)
    await hot(bundling)
    const { atime, mtime } = statSync(file)

    steps.push(
      () => writeFileSync(file, meanwhile),
      () => {
        writeFileSync(file, was)
        utimesSync(file, atime, mtime)
      },
    )
    const built = await hot(bundling)

    expect(steps).toEqual([])
    const text = (await runWrapped(built.artifact)).exports['a'] === 1 ? was : meanwhile
    expect(recorded(built, 'b.ts')).toBe(digest(text))
  })

  test('binds the import.meta that an edit brings in', async () => {
    await using fixture = await createFixture({
      'package.json': '{"name":"own"}',
      'a.ts': 'export { b } from "./lib/b.ts"',
      'lib/b.ts': 'export const b = "none"',
    })
    await using bundling = createBundling(fixture.root, { clock: LATER })
    for (const text of ['"one"', '"two"']) {
      await hot(bundling)
      await fixture.write('lib/b.ts', `export const b = ${text}`)
    }
    await hot(bundling)

    const found: unknown[] = []
    for (const text of ['import.meta.filename', 'import.meta.dirname', '"three"']) {
      await fixture.write('lib/b.ts', `export const b = ${text}`)
      const { artifact } = await hot(bundling)
      found.push((await runWrapped(artifact, { root: fixture.root })).exports['b'])
    }

    expect(found).toEqual([fixture.path('lib/b.ts'), fixture.path('lib'), 'three'])
  })

  test('knows a file that an edit brings in', async () => {
    await using fixture = await createFixture({
      'package.json': '{"name":"own"}',
      'a.ts': 'export const a = 1',
    })
    await using bundling = createBundling(fixture.root, { clock: LATER })
    for (const number of [2, 3]) {
      await hot(bundling)
      await fixture.write('a.ts', `export const a = ${number}`)
    }
    await hot(bundling)

    await fixture.write('new.ts', 'export const a = import.meta.filename')
    await fixture.write('a.ts', 'export { a } from "./new.ts"')
    const built = await hot(bundling)

    const { exports } = await runWrapped(built.artifact, { root: fixture.root })
    expect(exports).toEqual({ a: fixture.path('new.ts') })
    expect(recorded(built, 'new.ts')).toBe(digest('export const a = import.meta.filename'))
  })

  test('inlines its own package from the first edit on that imports it', async () => {
    await using fixture = await createFixture({
      'package.json': '{"name":"own","exports":{"./*":"./*.ts"}}',
      'a.ts': 'export const a = 1',
      'b.ts': 'export const a = 2',
    })
    await using bundling = createBundling(fixture.root, { clock: LATER })
    for (const number of [2, 3]) {
      await hot(bundling)
      await fixture.write('a.ts', `export const a = ${number}`)
    }
    await hot(bundling)

    await fixture.write('a.ts', 'export * from "own/b"')
    const built = await hot(bundling)

    expect(built.artifact.deps).toEqual([])
    expect((await runWrapped(built.artifact)).exports).toEqual({ a: 2 })
  })

  test('reads a file with attributes from the first edit on that uses them', async () => {
    await using fixture = await createFixture({
      'a.ts': 'import { b } from "./b.js"; export const a = b',
      'b.js': 'export const b = 1',
    })
    await using bundling = createBundling(fixture.root, { clock: LATER })
    await hot(bundling)
    await hot(bundling)

    await fixture.write('a.ts', 'import b from "./b.js" with { type: "text" }; export const a = b')
    const { artifact } = await hot(bundling)

    expect((await runWrapped(artifact)).exports).toEqual({ a: 'export const b = 1' })
  })

  test('says what has become of an entry that has gone, and builds it again', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const a = 1' })
    await using bundling = createBundling(fixture.root, { clock: LATER })
    const { bundler, options } = bundling
    for (let count = 0; count < 3; count += 1) await hot(bundling)

    await fixture.remove('a.ts')
    const [gone] = await bundler.build(['a.ts'], options, { hot: true })
    await fixture.write('a.ts', 'export const a = 2')
    const back = await hot(bundling)

    expect(gone).toMatchObject({ ok: false, error: { code: 'SOMON_BUNDLE_ENTRY_MISSING' } })
    expect((await runWrapped(back.artifact)).exports).toEqual({ a: 2 })
  })

  test('tells an error with its place, and builds what comes after it', async () => {
    await using fixture = await createFixture({
      'a.ts': 'export { b } from "./b.ts"',
      'b.ts': 'export const b = 1',
    })
    await using bundling = createBundling(fixture.root, { clock: LATER })
    const { bundler, options } = bundling
    for (let count = 0; count < 3; count += 1) await hot(bundling)

    await fixture.write('b.ts', 'export const b = ')
    const [broken] = await bundler.build(['a.ts'], options, { hot: true })
    await fixture.write('b.ts', 'export const b = 2')
    const back = await hot(bundling)

    expect(broken).toMatchObject({ ok: false, error: { location: { file: 'b.ts', line: 1 } } })
    expect(broken?.inputs.files.map(([file]) => file)).toEqual(['a.ts', 'b.ts'])
    expect((await runWrapped(back.artifact)).exports).toEqual({ b: 2 })
  })

  test('makes no context that the next build would have to replace', async () => {
    await using fixture = await createFixture({ 'a.ts': 'export const a = 1' })
    await using bundling = createBundling(fixture.root)
    const watching = { name: 'watching', cacheKey: '1', transform: () => undefined }
    await using plugged = createBundling(fixture.root, { plugins: [watching] })
    const contexts: number[] = []

    for (const one of [bundling, bundling, plugged]) {
      await hot(one)
      contexts.push(one.bundler.stats().contexts)
    }

    expect(contexts).toEqual([0, 1, 1])
  })

  test('takes one build for an edit where every change of a file shows', async () => {
    await using fixture = await createFixture({
      'package.json': '{"name":"own"}',
      'a.ts': 'export const a = 1',
    })
    await using bundling = createBundling(fixture.root, { clock: LATER })
    await hot(bundling)
    await hot(bundling)
    const { builds } = bundling.bundler.stats()

    for (const number of [2, 3, 4]) {
      await fixture.write('a.ts', `export const a = ${number}`)
      await hot(bundling)
    }

    expect(bundling.bundler.stats().builds).toBe(builds + 3)
  })
})

const PARTS = { loader: {}, inlined: /^own\//, readsAll: false, needsPlugins: false }

/** Says of every stat that a later change shows, or of none. */
function stamps(areKnown: boolean): Stamps {
  const fake = { areKnown, areDistinct: () => areKnown, areSettled: () => true }
  return fake as unknown as Stamps
}

const NO_IMPORTS = { bytes: 1, imports: [] }

function metafileOf(imports: Readonly<Record<string, readonly string[]>>): EsbuildMetafile {
  const inputs = Object.entries(imports).map(([file, specifiers]) => {
    const found = specifiers.map((path) => ({ path, kind: 'import-statement', external: true }))
    return [file, { bytes: 1, imports: found }]
  })
  return { inputs: Object.fromEntries(inputs), outputs: {} }
}

async function sessionOf(
  files: Readonly<Record<string, string>>,
  areKnown: boolean,
): Promise<{
  readonly session: HotSession
  readonly metafile: EsbuildMetafile
  readonly root: string
  [Symbol.asyncDispose](): Promise<void>
}> {
  const fixture = await createFixture(files)
  const session = new HotSession({ ...PARTS, root: fixture.root }, stamps(areKnown))
  const metafile = metafileOf(Object.fromEntries(Object.keys(files).map((name) => [name, []])))
  const collector = session.collector(Date.now())
  for (const name of Object.keys(files)) collector.read(join(fixture.root, name))
  session.learn(metafile, collector)
  const dispose = async (): Promise<void> => fixture[Symbol.asyncDispose]()
  return { session, metafile, root: fixture.root, [Symbol.asyncDispose]: dispose }
}

function readBy(rebuild: HotRebuild): readonly string[] | undefined {
  const { read } = rebuild.context(undefined)
  return read === undefined ? undefined : [...read]
}

describe('HotSession.rebuild()', () => {
  test('has the reader read everything at first', async () => {
    await using fixture = await createFixture({ 'a.ts': '1' })
    const session = new HotSession({ ...PARTS, root: fixture.root }, stamps(true))

    expect(readBy(session.rebuild(Date.now()))).toBeUndefined()
  })

  test('leaves to esbuild what the reader would hand on unchanged', async () => {
    const files = { 'a.ts': '1', 'b.ts': 'import.meta.url', 'c.css': 'a{}', 'd.json': '{}' }
    await using scene = await sessionOf(files, true)

    const rebuild = scene.session.rebuild(Date.now())

    expect(readBy(rebuild)).toEqual(['b.ts', 'c.css'].map((name) => join(scene.root, name)))
    expect(rebuild.context(undefined).isBare).toBe(false)
  })

  test('leaves an edited file to esbuild only where every change shows', async () => {
    const found: unknown[] = []
    for (const areKnown of [true, false]) {
      await using scene = await sessionOf({ 'a.ts': '1', 'b.ts': '2' }, areKnown)
      writeFileSync(join(scene.root, 'a.ts'), '11')
      const rebuild = scene.session.rebuild(Date.now())
      found.push([readBy(rebuild)?.length, rebuild.context(undefined).isBare])
    }

    expect(found).toEqual([
      [0, true],
      [1, false],
    ])
  })

  test('has the reader read a file that esbuild would take for unchanged', async () => {
    await using scene = await sessionOf({ 'a.ts': '1' }, true)
    const file = join(scene.root, 'a.ts')
    const { atime, mtime } = statSync(file)
    utimesSync(file, atime, new Date(mtime.getTime() - 5000))
    const collector = scene.session.collector(Date.now())
    collector.read(file)
    scene.session.learn(scene.metafile, collector)

    writeFileSync(file, '2')
    utimesSync(file, atime, new Date(mtime.getTime() - 5000))

    expect(readBy(scene.session.rebuild(Date.now()))).toEqual([file])
  })

  test('is certain of what was the same before and after, and adopts it', async () => {
    await using scene = await sessionOf({ 'a.ts': '1', 'b.ts': '2' }, true)
    writeFileSync(join(scene.root, 'a.ts'), '11')
    const rebuild = scene.session.rebuild(Date.now())

    const isCertain = rebuild.isCertain(scene.metafile)

    expect(isCertain).toBe(true)
    expect(rebuild.collector.get(join(scene.root, 'a.ts'))?.sha256).toBe(digest('11'))
    expect(rebuild.collector.get(join(scene.root, 'b.ts'))?.sha256).toBe(digest('2'))
  })

  test('is not certain of a file that changed during the build, before or after it was read', async () => {
    const found: boolean[] = []
    for (const isAhead of [true, false]) {
      await using scene = await sessionOf({ 'a.ts': '1' }, true)
      writeFileSync(join(scene.root, 'a.ts'), '11')
      const rebuild = scene.session.rebuild(Date.now())
      if (isAhead) rebuild.readAhead()
      writeFileSync(join(scene.root, 'a.ts'), '22')
      found.push(rebuild.isCertain(scene.metafile))
    }

    expect(found).toEqual([false, false])
  })

  test('is not certain of a failed build, a new file, a name of plugins, attributes', async () => {
    await using scene = await sessionOf({ 'a.ts': '1' }, true)
    writeFileSync(join(scene.root, 'new.ts'), '1')

    const attributed = { "a.ts with { type: 'text' }": { ...NO_IMPORTS, with: { type: 'text' } } }
    const found = [
      undefined,
      metafileOf({ 'a.ts': [], 'new.ts': [] }),
      metafileOf({ 'a.ts': ['own/b'] }),
      { inputs: attributed, outputs: {} },
    ]

    expect(found.map((file) => scene.session.rebuild(Date.now()).isCertain(file))).toEqual(
      found.map(() => false),
    )
  })

  test('keeps a context while the reader answers for a few files too many', async () => {
    await using scene = await sessionOf({ 'a.ts': '1', 'b.ts': '2' }, false)
    writeFileSync(join(scene.root, 'a.ts'), '11')
    const first = scene.session.rebuild(Date.now()).context(undefined)
    const collector = scene.session.collector(Date.now())
    for (const name of ['a.ts', 'b.ts']) collector.read(join(scene.root, name))
    scene.session.learn(scene.metafile, collector)

    const same = scene.session.rebuild(Date.now()).enter(first)
    writeFileSync(join(scene.root, 'b.ts'), '22')
    const other = scene.session.rebuild(Date.now())

    expect([same, other.enter(first)]).toEqual([true, false])
    expect(other.context(first).read?.size).toBe(2)
  })
})

describe('HotSessions.of()', () => {
  test('forgets the session that was used least recently', () => {
    const sessions = new HotSessions()
    const made: string[] = []
    const of = (key: string): HotSession =>
      sessions.of(key, 2, () => {
        made.push(key)
        return new HotSession({ ...PARTS, root: '/' }, stamps(false))
      })

    for (const key of ['a', 'b', 'a', 'c', 'a', 'b']) of(key)

    expect(made).toEqual(['a', 'b', 'c', 'b'])
  })
})
