import { rm } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import type { WatchReport, WatchSession } from '../../src/module/watch-session.ts'
import { ModuleSystem } from '../../src/system/module-system.ts'
import { createFixture } from '../support/fixture.ts'

describe('ModuleSystem.watch()', () => {
  test('reloads the entries that an edited file belongs to, and only those', async () => {
    await using fixture = await createFixture({
      'a.ts': `export { n } from './shared.ts'`,
      'b.ts': 'export const n = 0',
      'shared.ts': 'export const n = 1',
    })
    await using system = new ModuleSystem({ root: fixture.root })
    const a = await system.load<{ n: number }>('./a.ts')
    const b = await system.load<{ n: number }>('./b.ts')
    await using session = await system.watch()

    const report = nextReport(session)
    await fixture.write('shared.ts', 'export const n = 2')

    expect(await report).toMatchObject({
      entry: 'a.ts',
      outcome: 'reloaded',
      changes: ['shared.ts'],
      generation: 2,
    })
    expect(a.exports.n).toBe(2)
    expect(b.generation).toBe(1)
  })

  test('reports a failure, keeps watching, and heals when the missing file appears', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<{ n: number }>('./main.ts')
    await using session = await system.watch()

    const failed = nextReport(session)
    await fixture.write('main.ts', `export { n } from './late.ts'`)
    expect(await failed).toMatchObject({ outcome: 'failed', generation: 1 })
    const healed = nextReport(session)
    await fixture.write('late.ts', 'export const n = 2')

    expect(await healed).toMatchObject({ outcome: 'healed', changes: ['late.ts'] })
    expect(module.exports.n).toBe(2)
  })

  test.each([
    ['alone in its folder', {}],
    ['beside another', { 'src/lib/b.ts': 'export const b = 1' }],
  ])('heals when a file behind paths of tsconfig.json, %s, comes back', async (_what, more) => {
    const lib = 'src/lib/a.ts'
    await using fixture = await createFixture({
      'tsconfig.json': '{"compilerOptions":{"paths":{"@lib/*":["./src/lib/*"]}}}',
      'main.ts': `export { n } from '@lib/a.ts'`,
      [lib]: 'export const n = 1',
      ...more,
    })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<{ n: number }>('./main.ts')
    await using session = await system.watch()

    const failed = nextReport(session)
    await rm(fixture.path(lib))
    expect(await failed).toMatchObject({ outcome: 'failed' })
    const healed = nextReport(session)
    await fixture.write(lib, 'export const n = 2')
    expect(await healed).toMatchObject({ outcome: 'healed', changes: [lib] })
    const edited = nextReport(session)
    await fixture.write(lib, 'export const n = 3')

    expect(await edited).toMatchObject({ outcome: 'reloaded' })
    expect(module.exports.n).toBe(3)
  })

  test('lets reload() find a mapped file that is back before the watcher says so', async () => {
    await using fixture = await createFixture({
      'tsconfig.json': '{"compilerOptions":{"paths":{"@lib/*":["./lib/*"]}}}',
      'main.ts': `export { n } from '@lib/a.ts'`,
      'lib/a.ts': 'export const n = 1',
    })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<{ n: number }>('./main.ts')
    await using session = await system.watch()
    const failed = nextReport(session)
    await rm(fixture.path('lib/a.ts'))
    await failed

    await fixture.write('lib/a.ts', 'export const n = 2')
    await module.reload()

    expect(module.exports.n).toBe(2)
  })

  test('heals an entry that never loaded', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = (' })
    await using system = new ModuleSystem({ root: fixture.root })
    await expect(system.load('./main.ts')).rejects.toMatchObject({ code: 'SOMON_BUNDLE_FAILED' })
    await using session = await system.watch({ entries: ['./main.ts'] })

    const healed = nextReport(session)
    await fixture.write('main.ts', 'export const n = 1')

    expect(await healed).toMatchObject({ entry: 'main.ts', outcome: 'healed', generation: 1 })
  })

  test('reloads what was edited between its load and the watch', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<{ n: number }>('./main.ts')
    await fixture.write('main.ts', 'export const n = 2')

    await using session = await system.watch()
    await session.settled()

    expect(module.exports.n).toBe(2)
  })

  test('watches what is loaded after it began', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
    await using system = new ModuleSystem({ root: fixture.root })
    await using session = await system.watch()
    const module = await system.load<{ n: number }>('./main.ts')

    const report = nextReport(session)
    await fixture.write('main.ts', 'export const n = 2')

    expect((await report).outcome).toBe('reloaded')
    expect(module.exports.n).toBe(2)
  })

  test('keeps the old code when its check rejects', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const n = 1' })
    await using system = new ModuleSystem({ root: fixture.root })
    const module = await system.load<{ n: number }>('./main.ts')
    await using session = await system.watch({
      verify: (exports) => {
        if (exports.n === 2) throw new Error('two is refused')
      },
    })

    const report = nextReport(session)
    await fixture.write('main.ts', 'export const n = 2')

    expect((await report).error).toMatchObject({ code: 'SOMON_MODULE_VERIFY_FAILED' })
    expect(module.exports.n).toBe(1)
  })

  test('judges its own entries only', async () => {
    await using fixture = await createFixture({
      'ours.ts': 'export const n = 1',
      'other.ts': 'export const n = 2',
    })
    await using system = new ModuleSystem({ root: fixture.root })
    await using session = await system.watch({
      entries: ['./ours.ts'],
      verify: ({ n }) => {
        if (n === 2) throw new Error('two is refused')
      },
    })

    const other = await system.load<{ n: number }>('./other.ts')

    expect(other.exports.n).toBe(2)
    expect(session.entries).toEqual(['ours.ts'])
  })

  test('goes on with other entries while one hangs in its reload', async () => {
    await using fixture = await createFixture({
      'hung.ts': 'export const n = 1',
      'good.ts': 'export const n = 1',
    })
    await using system = new ModuleSystem({ root: fixture.root })
    await system.load('./hung.ts')
    const good = await system.load<{ n: number }>('./good.ts')
    await using session = await system.watch()
    await fixture.write('hung.ts', 'await new Promise(() => {})\nexport const n = 2')

    const report = nextReport(session)
    await fixture.write('good.ts', 'export const n = 2')

    expect(await report).toMatchObject({ entry: 'good.ts', outcome: 'reloaded' })
    expect(good.exports.n).toBe(2)
    await fixture.write('hung.ts', 'export const n = 3')
    await session.settled()
  })

  test('lets the others swap when one of several stale entries fails', async () => {
    await using fixture = await createFixture({
      'good.ts': `export { n } from './shared.ts'`,
      'bad.ts': `import { n } from './shared.ts'\nif (n === 2) throw new Error('no')\nexport { n }`,
      'shared.ts': 'export const n = 1',
    })
    await using system = new ModuleSystem({ root: fixture.root })
    const good = await system.load<{ n: number }>('./good.ts')
    const bad = await system.load<{ n: number }>('./bad.ts')
    await using session = await system.watch()

    const reports = nextReports(session, 2)
    await fixture.write('shared.ts', 'export const n = 2')

    const outcomes = new Map((await reports).map((report) => [report.entry, report.outcome]))
    expect(outcomes).toEqual(
      new Map([
        ['bad.ts', 'failed'],
        ['good.ts', 'reloaded'],
      ]),
    )
    expect([good.exports.n, bad.exports.n]).toEqual([2, 1])
  })
})

async function nextReport(session: WatchSession): Promise<WatchReport> {
  const [report] = await nextReports(session, 1)
  if (report === undefined) throw new Error('no report')
  return report
}

function nextReports(session: WatchSession, count: number): Promise<readonly WatchReport[]> {
  const { promise, resolve } = Promise.withResolvers<readonly WatchReport[]>()
  const reports: WatchReport[] = []
  const leave = session.on('report', (report) => {
    reports.push(report)
    if (reports.length < count) return
    leave()
    resolve(reports)
  })
  return promise
}
