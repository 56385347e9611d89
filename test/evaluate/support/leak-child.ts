/**
 * Reloads modules of some kinds many times and prints what stayed of each, as one line of JSON.
 *
 * Runs in a process of its own with `--expose-gc --no-compilation-cache`; `gc()` does not age V8's
 * compilation cache, which would read as 3–6 KB a reload. In mode `natural` nothing is forced:
 * the heap is small and the median after major collections tells whether it grows.
 */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { constants, PerformanceObserver } from 'node:perf_hooks'
import { systemClock } from '../../../src/base/clock.ts'
import type { ImportGuards } from '../../../src/evaluate/import-guard.ts'
import { guardSettings } from '../../guard/support/settings.ts'
import { createRig } from './evaluator.ts'
import { guardedImports } from './guarded-imports.ts'
import { leakSources, REVISION_MARKER, type LeakKind } from './leak-kinds.ts'
import { build, revise, type Built } from './built.ts'
import type { Resolver } from '../../../src/resolve/resolution.ts'

/** What a run found. */
export interface LeakFindings {
  readonly bytesPerReload: number
  readonly finalized: number
  readonly reloads: number
  /** Active resources after the run beyond those before it. */
  readonly resources: number
  /** Median heap after major collections, first and last quarter of the run; natural mode only. */
  readonly quarters: readonly [first: number, last: number]
}

/** What a run with planted leaks found: the numbers of generations. */
export interface PlantFindings {
  readonly leaked: readonly number[]
  readonly retired: readonly number[]
}

const [kinds = 'esm', warmUp = '50', reloads = '200', mode = 'forced'] = process.argv.slice(2)
const PLANTED_EVERY = 10
const root = realpathSync(mkdtempSync(join(tmpdir(), 'somon-leak-')))
const errorsKept: unknown[] = []
/** Fewer than the warm-up throws, so that the errors themselves do not count as growth. */
const KEPT = 40
try {
  const findings: Record<string, LeakFindings | PlantFindings> = {}
  if (mode === 'planted') findings.planted = await plant(Number(reloads))
  else for (const kind of kinds.split(',')) findings[kind] = await runKind(kind as LeakKind)
  process.stdout.write(`${JSON.stringify(findings)}\n`)
} finally {
  rmSync(root, { recursive: true, force: true })
}
// The planted intervals would keep the process running.
process.exit()

/** With the ledger off every tenth generation starts an interval that nobody ends. */
async function plant(count: number): Promise<PlantFindings> {
  using rig = createRig(root, { clock: systemClock, ledger: 'off', leakWarnMs: () => 20 })
  const [sound, faulty] = [await buildKind('esm'), await buildKind('timers')]
  const leaked: number[] = []
  rig.events.on('generation.leaked', (event) => leaked.push(event.number))
  const live = async (revision: number): Promise<void> => {
    const { artifact: base } = revision % PLANTED_EVERY === 0 ? faulty : sound
    const artifact = revise(base, REVISION_MARKER, REVISION_MARKER + revision)
    const generation = rig.evaluator.instantiate({ artifact, number: revision, reloadable: true })
    await rig.evaluator.bindImports(generation)
    await rig.evaluator.execute(generation)
    await rig.evaluator.retire(generation, { drainTimeoutMs: 0 })
    await turn()
  }
  // A few more than are judged: a stale stack slot may hold one of the last generations.
  for (let revision = 1; revision < count + PLANTED_EVERY; revision += 1) await live(revision)
  for (let round = 0; round < 10; round += 1) await settle()
  const judged = (number: number): boolean => number <= count
  const retired = rig.evaluator.retired().map((one) => one.number)
  return { leaked: leaked.filter(judged), retired: retired.filter(judged) }
}

async function runKind(wanted: LeakKind): Promise<LeakFindings> {
  const [before, count] = [Number(warmUp), Number(reloads)]
  const built = await buildKind(wanted)
  const resolve: Resolver['resolve'] = (...args) => built.resolver.resolve(...args)
  const guards = wanted === 'guarded' ? guardsOf(root) : undefined
  using rig = createRig(root, { clock: systemClock, resolve, guards })
  let finalized = 0
  // What the kept errors of the warm-up held back must not stand in for what is measured.
  rig.events.on('generation.collected', ({ number }) => (finalized += number >= before ? 1 : 0))
  const reload = async (revision: number): Promise<void> => {
    const artifact = revise(built.artifact, REVISION_MARKER, REVISION_MARKER + revision)
    rig.maps.set(artifact.id, built.map)
    const generation = rig.evaluator.instantiate({ artifact, number: revision, reloadable: true })
    try {
      await rig.evaluator.bindImports(generation)
      await rig.evaluator.execute(generation)
      const use = generation.namespace.use
      if (typeof use === 'function') await rig.evaluator.use(generation, () => void use())
    } catch (error) {
      if (wanted === 'thrown error kept' && errorsKept.push(error) > KEPT) errorsKept.shift()
    }
    await rig.evaluator.retire(generation, { drainTimeoutMs: 1000 })
    rig.maps.delete(artifact.id)
    if (revision % 10 === 0) await turn()
  }
  for (let revision = 0; revision < before; revision += 1) await reload(revision)
  await settle()
  const [heap, resources] = [process.memoryUsage().heapUsed, activeResources()]
  const heaps = watchHeap()
  for (let revision = before; revision < before + count; revision += 1) await reload(revision)
  const quarters = heaps()
  await settle()
  return {
    bytesPerReload: (process.memoryUsage().heapUsed - heap) / count,
    finalized,
    reloads: count,
    resources: activeResources() - resources,
    quarters,
  }
}

/** Short times: what is abandoned and refused has to be let go of within the run. */
function guardsOf(at: string): ImportGuards {
  const bulkhead = { mode: 'off', max: 1, queue: 0, queueTimeoutMs: 0 } as const
  const settings = guardSettings(
    { consecutive: 0, failureRate: 1 },
    { timeoutMs: 2, abandonMs: 1, bulkhead },
  )
  const declared = { dependency: 'guarded', functions: ['call'] }
  return guardedImports(at, systemClock, { settings, declared: () => declared }).guards
}

async function buildKind(wanted: LeakKind): Promise<Built> {
  const sources = leakSources(wanted)
  await write('node_modules/dependency/package.json', '{"name":"dependency","main":"index.mjs"}')
  await write(
    'node_modules/dependency/index.mjs',
    'export const make = (x) => ({ x })\nexport const call = (fn) => fn()',
  )
  for (const [file, text] of Object.entries(sources)) await write(`src/${file}`, text)
  return build(root, `src/${Object.keys(sources)[0] ?? ''}`)
}

async function write(file: string, text: string): Promise<void> {
  const path = join(root, file)
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}

function activeResources(): number {
  return process.getActiveResourcesInfo().length
}

function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** Finalizers run in turns of their own, and each frees what the next collection finds. */
async function settle(): Promise<void> {
  for (let round = 0; round < 8; round += 1) {
    if (mode !== 'natural') globalThis.gc?.()
    await turn()
    await new Promise((resolve) => {
      setTimeout(resolve, 5)
    })
  }
}

/** Notes the heap after each major collection; the returned function gives the two medians. */
function watchHeap(): () => [number, number] {
  const heaps: number[] = []
  if (mode !== 'natural') return () => [0, 0]
  const observer = new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries() as unknown as { detail: { kind: number } }[]) {
      if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) {
        heaps.push(process.memoryUsage().heapUsed)
      }
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  return () => {
    observer.disconnect()
    const quarter = Math.max(1, Math.floor(heaps.length / 4))
    return [median(heaps.slice(0, quarter)), median(heaps.slice(-quarter))]
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}
