import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SomonPlugin } from '../bundle/plugin.ts'
import type { Namespace } from '../evaluate/generation.ts'
import { PluginWorkbench } from './plugin-workbench.ts'

/** What a module exports: compared deeply and whole, or judged by a function that throws. */
export type ExpectedExports = Namespace | ((exports: Namespace) => void | Promise<void>)

/** A small project that shows what a plugin does, and what becomes of it when it changes. */
export interface PluginSample {
  /** Makes the plugin as a configuration would, a new object each time. */
  readonly create: () => SomonPlugin
  /** Makes it with other options, which change what it makes of the same files. */
  readonly createOther: () => SomonPlugin
  /** Absolute path of the project; each test works in a copy of its own. */
  readonly fixture: string
  /** The entry, relative to the project. */
  readonly entry: string
  readonly expected: ExpectedExports
  /** An edit of a file that the plugin takes part in, and what comes out then. */
  readonly change: {
    readonly file: string
    readonly contents: string | Uint8Array
    readonly expected: ExpectedExports
  }
  /** An edit that the plugin has to refuse. */
  readonly broken: {
    readonly file: string
    readonly contents: string | Uint8Array
    /** The code of the error; without it any. */
    readonly code?: string
  }
}

/** One promise of the contract; `run` rejects when the plugin breaks it. */
export interface ContractTest {
  readonly name: string
  readonly run: () => Promise<void>
}

/**
 * The promises every plugin has to keep, as tests for any runner.
 *
 * @example
 *   for (const { name, run } of pluginContract(sample)) test(name, run)
 */
export function pluginContract(sample: PluginSample): readonly ContractTest[] {
  const tests: Readonly<Record<string, (sample: PluginSample) => Promise<void>>> = {
    'has a name and a valid form': hasName,
    'has a cache key that stays the same': hasStableKey,
    'has a cache key that changes with its options': keyFollowsOptions,
    'makes what the sample expects': makesExpected,
    'makes the same from the same files in another folder': isDeterministic,
    'makes something else once a file has changed': followsChanges,
    'names itself in the error of a broken file': namesItself,
    'leaves nothing open': leavesNothingOpen,
    'does the same in esbuild alone': agreesWithEsbuild,
  }
  return Object.entries(tests).map(([name, run]) => ({ name, run: () => run(sample) }))
}

async function hasName(sample: PluginSample): Promise<void> {
  await using bench = await open(sample)
  ok(sample.create().name.trim() !== '', 'the name is empty')
  strictEqual(bench.plugins.stats()[0]?.name, sample.create().name)
}

async function hasStableKey(sample: PluginSample): Promise<void> {
  await using first = await open(sample)
  await using second = await open(sample)
  const { parts, uncacheable } = first.plugins.keys()
  strictEqual(uncacheable, undefined, 'there is no cacheKey: its builds never reach the disk')
  deepStrictEqual(second.plugins.keys().parts, parts, 'a new plugin object has another cacheKey')
  await first.build(sample.entry)
  deepStrictEqual(first.plugins.keys().parts, parts, 'the cacheKey changes with a build')
}

async function keyFollowsOptions(sample: PluginSample): Promise<void> {
  await using first = await open(sample)
  await using other = await PluginWorkbench.open(sample.fixture, sample.createOther())
  const same = first.plugins.keys().parts.join() === other.plugins.keys().parts.join()
  ok(!same, 'other options have the same cacheKey: a cached build of the one would serve the other')
}

async function makesExpected(sample: PluginSample): Promise<void> {
  await using bench = await open(sample)
  await check(await bench.load(sample.entry), sample.expected)
}

async function isDeterministic(sample: PluginSample): Promise<void> {
  await using first = await open(sample)
  await using second = await open(sample)
  const [a, b] = [await first.build(sample.entry), await second.build(sample.entry)]
  if (!a.ok) throw a.error
  if (!b.ok) throw b.error
  strictEqual(b.artifact.code, a.artifact.code, 'the code differs between two builds')
  strictEqual(b.artifact.id, a.artifact.id, 'the inputs differ between two builds')
  ok(!a.artifact.code.includes(first.root), 'the code holds the absolute path of the project')
}

async function followsChanges(sample: PluginSample): Promise<void> {
  await using bench = await open(sample)
  const { file, contents, expected } = sample.change
  const before = await bench.build(sample.entry)
  if (!before.ok) throw before.error
  const inputs = before.inputs.files.map(([path]) => path)
  ok(
    inputs.includes(file),
    `"${file}" is no input of the build: call addWatchFile(); inputs are ${inputs.join(', ')}`,
  )
  await writeFile(join(bench.root, file), contents)
  bench.plugins.watchChange(join(bench.root, file), 'update')
  await check(await bench.load(sample.entry), expected)
}

async function namesItself(sample: PluginSample): Promise<void> {
  await using bench = await open(sample)
  const { file, contents, code } = sample.broken
  await writeFile(join(bench.root, file), contents)
  const outcome = await bench.build(sample.entry)
  if (outcome.ok) throw new Error(`the broken "${file}" was accepted`)
  const { error } = outcome
  const { name } = sample.create()
  const named = error.data['plugin'] === name || error.message.includes(name)
  ok(named, `the error does not name the plugin: ${error.message}`)
  if (code !== undefined) strictEqual(error.code, code, error.message)
  await writeFile(join(bench.root, file), await readFile(join(sample.fixture, file)))
  await check(await bench.load(sample.entry), sample.expected)
}

async function leavesNothingOpen(sample: PluginSample): Promise<void> {
  // Whatever starts once per process starts here.
  await makesExpected(sample)
  const before = resources()
  await makesExpected(sample)
  for (let turns = 0; turns < MAX_TURNS && extra(before).length > 0; turns += 1) {
    await new Promise((resolve) => setTimeout(resolve, TURN_MS))
  }
  deepStrictEqual(extra(before), [], 'timers, sockets or processes are left after the build')
}

async function agreesWithEsbuild(sample: PluginSample): Promise<void> {
  await using bench = await open(sample)
  await check(await bench.loadWithEsbuild(sample.entry), sample.expected)
}

/** Children and sockets need some turns to be gone; at most 2 s. */
const MAX_TURNS = 100
const TURN_MS = 20

function open(sample: PluginSample): Promise<PluginWorkbench> {
  return PluginWorkbench.open(sample.fixture, sample.create())
}

async function check(exports: Namespace, expected: ExpectedExports): Promise<void> {
  if (typeof expected === 'function') await expected(exports)
  else deepStrictEqual({ ...exports }, { ...expected })
}

function resources(): Map<string, number> {
  const counts = new Map<string, number>()
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1)
  return counts
}

function extra(before: ReadonlyMap<string, number>): readonly string[] {
  return [...resources()]
    .filter(([kind, count]) => kind !== 'Immediate' && count > (before.get(kind) ?? 0))
    .map(([kind]) => kind)
}
