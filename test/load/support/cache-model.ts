import { lstat, mkdir, readlink, rename, rm, stat, symlink, utimes } from 'node:fs/promises'
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import * as fc from 'fast-check'
import { expect } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import type { Clock } from '../../../src/base/clock.ts'
import { codeOf } from '../../../src/base/error.ts'
import { artifactToBytes } from '../../../src/load/artifact-bytes.ts'
import type { Loader } from '../../../src/load/loader.ts'
import { createFixture } from '../../support/fixture.ts'
import type { Fixture } from '../../support/fixture.ts'
import { createRig } from './rig.ts'

/**
 * A project whose result depends on everything that can decide one: sources, a folder index, an
 * alias of tsconfig.json, a linked package inlined through its exports, JSON, absent candidates.
 */
const PROJECT: Readonly<Record<string, string>> = {
  'package.json': '{"name":"app","type":"module"}',
  'tsconfig.json': tsconfig('one', false),
  'src/main.ts': main(1),
  'src/a.ts': 'export const a = 1\n',
  'src/lib/index.ts': 'export const lib = 1\n',
  'src/alias/one.ts': 'export const alias = 1\n',
  'src/alias/two.ts': 'export const alias = 2\n',
  'src/data.json': '{"data":1}',
  'packages/pkg-1/package.json': manifest('a'),
  'packages/pkg-1/a.js': 'export const pkg = "1a"\n',
  'packages/pkg-1/b.js': 'export const pkg = "1b"\n',
  'packages/pkg-2/package.json': manifest('a'),
  'packages/pkg-2/a.js': 'export const pkg = "2a"\n',
  'packages/pkg-2/b.js': 'export const pkg = "2b"\n',
}

const ENTRY = 'src/main.ts'

function main(version: number): string {
  return `import { a } from './a'
import { lib } from './lib'
import { alias } from '@alias'
import { pkg } from 'pkg'
import data from './data.json'
export class Field { value = ${version} }
export const all = [a, lib, alias, pkg, data, ${version}]
`
}

function tsconfig(target: string, isDefine: boolean): string {
  const compilerOptions = {
    useDefineForClassFields: isDefine,
    paths: { '@alias': [`./src/alias/${target}.ts`] },
  }
  return JSON.stringify({ compilerOptions })
}

function manifest(main_: string): string {
  return JSON.stringify({ name: 'pkg', type: 'module', exports: `./${main_}.js` })
}

/** One thing that happens to the project. */
export interface Step {
  readonly act: (fixture: Fixture) => Promise<void>
  readonly name: string
  /** Nothing that was built can differ: no build may follow. */
  readonly isHarmless: boolean
  /** A new process looks first, before the running one has stored what it built. */
  readonly processFirst: boolean
}

const CODE_FILES = ['src/main.ts', 'src/a.ts', 'src/lib/index.ts', 'src/alias/one.ts']
const version = fc.integer({ min: 1, max: 9 })

const edits = fc.oneof(
  fc.tuple(fc.constantFrom(...CODE_FILES), version).map(([file, n]) => edit(file, textOf(file, n))),
  fc.tuple(fc.constantFrom(...CODE_FILES), version).map(([file, n]) => editInPlace(file, n)),
  version.map((n) => edit('src/data.json', `{"data":${n}}`)),
  fc
    .tuple(fc.constantFrom('one', 'two'), fc.boolean())
    .map(([target, define]) => edit('tsconfig.json', tsconfig(target, define))),
  fc
    .tuple(fc.constantFrom('1', '2'), fc.constantFrom('a', 'b'))
    .map(([pkg, file]) => edit(`packages/pkg-${pkg}/package.json`, manifest(file))),
  fc
    .constantFrom('true', 'false')
    .map((flag) => edit('package.json', `{"name":"app","type":"module","sideEffects":${flag}}`)),
  fc.constantFrom('1', '2').map(retarget),
  fc.constantFrom('src/a.tsx', 'src/a.js', 'src/lib.ts', 'src/lib/index.tsx').map(shadow),
  fc.constantFrom('src/a.ts', 'src/a.tsx', 'src/a.js', 'src/lib.ts', 'src/data.json').map(remove),
  fc.constantFrom('src/a.ts', 'src/lib/index.ts', 'src/data.json').map(restore),
  fc.constantFrom('src/a.ts', 'src/lib', 'packages/pkg-1').map(moveAway),
)
const harmless = fc.oneof(
  fc.constantFrom(...CODE_FILES, 'tsconfig.json', 'packages/pkg-1/a.js').map(touch),
  fc.constantFrom('src/notes.log', 'src/lib/.swp').map(addNoise),
  fc.constant(step('nothing', async () => {}, true)),
)

/** A random history. */
export const history: fc.Arbitrary<readonly Step[]> = fc.array(
  fc
    .tuple(fc.oneof({ arbitrary: edits, weight: 3 }, harmless), fc.boolean())
    .map(([one, processFirst]) => Object.assign({}, one, { processFirst })),
  { minLength: 3, maxLength: 12 },
)

/** Which evidence a check may trust: all just written (hash), or all settled (stat). */
export type Evidence = 'hash' | 'stat'

/**
 * Plays a history and compares, after each step, what a running loader and a new process on the
 * same cache return with what a clean build does.
 *
 * @returns how many comparisons were made
 */
export async function playHistory(steps: readonly Step[], evidence: Evidence): Promise<number> {
  await using fixture = await createFixture(PROJECT)
  await mkdir(fixture.path('node_modules'))
  await symlink('../packages/pkg-1', fixture.path('node_modules/pkg'))
  const cacheDir = fixture.path('cache')
  const shared = { cacheDir, clock: clockOf(evidence), resolve: { inline: ['pkg'] } }
  await using oracle = createRig(fixture.root, { mode: 'off', resolve: { inline: ['pkg'] } })
  await using running = createRig(fixture.root, shared)
  await expectSame(running.loader, oracle.loader, 'the beginning')
  await running.loader.settled()
  for (const [index, { act, name, isHarmless, processFirst }] of steps.entries()) {
    await act(fixture)
    const label = `step ${index + 1}, ${name}`
    const inProcess = async (): Promise<void> => {
      const source = await expectSame(running.loader, oracle.loader, `${label}, running`)
      if (isHarmless) expect(`${label}: ${source}`).not.toContain(': miss')
      await running.loader.settled()
    }
    const inNewProcess = async (): Promise<void> => {
      const parts = { ...shared, share: running }
      await using other = createRig(fixture.root, parts)
      const source = await expectSame(other.loader, oracle.loader, `${label}, new process`)
      if (isHarmless) expect(`${label}: ${source}`).not.toContain(': miss')
    }
    const order = processFirst ? [inNewProcess, inProcess] : [inProcess, inNewProcess]
    for (const check of order) await check()
  }
  return 1 + 2 * steps.length
}

/** @returns the tier that answered; `failed` when neither could be built */
async function expectSame(loader: Loader, oracle: Loader, label: string): Promise<string> {
  const clean = await outcomeOf(oracle, true)
  const found = await outcomeOf(loader, false)
  expect({ label, text: found.text }).toEqual({ label, text: clean.text })
  return found.source
}

async function outcomeOf(
  loader: Loader,
  isClean: boolean,
): Promise<{ text: string; source: string }> {
  if (isClean) loader.drop()
  try {
    const { artifact, source } = await loader.artifact(ENTRY)
    return { text: artifactToBytes(artifact).toString('latin1'), source }
  } catch (error) {
    return { text: `failed with ${codeOf(error)}`, source: 'failed' }
  }
}

/** Ahead of the file system, everything written looks long settled. */
function clockOf(evidence: Evidence): Clock {
  const aheadMs = evidence === 'stat' ? 10_000 : 0
  return { ...systemClock, now: () => Date.now() + aheadMs }
}

function step(name: string, act: Step['act'], isHarmless = false): Step {
  return { name, act, isHarmless, processFirst: false }
}

function textOf(file: string, n: number): string {
  return file === ENTRY ? main(n) : (PROJECT[file] ?? '').replace('1', String(n))
}

function edit(file: string, text: string): Step {
  return step(`edit ${file}: ${text.slice(-40)}`, async (fixture) => {
    if (await isThere(fixture.path(dirname(file)))) await fixture.write(file, text)
  })
}

/** Same size, and mtime set back to what it was: only ctime and bytes tell. */
function editInPlace(file: string, n: number): Step {
  return step(`edit ${file} in place: ${n}`, async (fixture) => {
    const path = fixture.path(file)
    if (!(await isThere(path))) return
    const { atimeMs, mtimeMs } = await stat(path)
    const text = await readFile(path, 'utf8')
    await fixture.write(file, text.replaceAll(/[1-9]/g, String(n)))
    await utimes(path, atimeMs / 1000, mtimeMs / 1000)
  })
}

function touch(file: string): Step {
  return step(
    `touch ${file}`,
    async (fixture) => {
      const now = Date.now() / 1000
      if (await isThere(fixture.path(file))) await utimes(fixture.path(file), now, now)
    },
    true,
  )
}

function addNoise(file: string): Step {
  return step(
    `add ${file}`,
    async (fixture) => {
      if (await isThere(fixture.path(dirname(file)))) await fixture.write(file, 'noise')
    },
    true,
  )
}

function retarget(pkg: string): Step {
  return step(`link pkg-${pkg}`, async (fixture) => {
    const link = fixture.path('node_modules/pkg')
    await rm(link, { force: true })
    await symlink(`../packages/pkg-${pkg}`, link)
    expect(await readlink(link)).toContain(pkg)
  })
}

function shadow(file: string): Step {
  const name = file.includes('lib') ? 'lib' : 'a'
  return step(`shadow with ${file}`, async (fixture) => {
    if (await isThere(fixture.path(dirname(file)))) {
      await fixture.write(file, `export const ${name} = "${file}"\n`)
    }
  })
}

function remove(file: string): Step {
  return step(`remove ${file}`, (fixture) => fixture.remove(file))
}

function restore(file: string): Step {
  return step(`restore ${file}`, async (fixture) => {
    if (await isThere(fixture.path(dirname(file)))) await fixture.write(file, PROJECT[file] ?? '')
  })
}

/** There and, the next time, back again: an input, a folder or a package is renamed. */
function moveAway(path: string): Step {
  return step(`move ${path}`, async (fixture) => {
    const [from, to] = [fixture.path(path), fixture.path(`${path}.moved`)]
    if ((await isThere(from)) && !(await isThere(to))) await rename(from, to)
    else if (await isThere(to)) {
      await rm(from, { recursive: true, force: true })
      await rename(to, from)
    }
  })
}

async function isThere(path: string): Promise<boolean> {
  return lstat(join(path)).then(
    () => true,
    () => false,
  )
}
