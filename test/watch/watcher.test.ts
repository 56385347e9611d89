import { execFile } from 'node:child_process'
import {
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { EventHub } from '../../src/base/events.ts'
import { toRelPath } from '../../src/base/project-path.ts'
import type { ChangeSet, WatchTargets } from '../../src/watch/change-set.ts'
import type { WatchEvents } from '../../src/watch/events.ts'
import { createWatcher, type Watcher } from '../../src/watch/watcher.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'

const NONE: WatchTargets = { files: [], dirs: [], absent: [] }

/** A watcher that is ready, with everything it reported so far. */
interface Watched extends AsyncDisposable {
  readonly watcher: Watcher
  readonly events: EventHub<WatchEvents>
  readonly sets: ChangeSet[]
  /** Resolves once all these were reported; with what was reported beside or instead of them. */
  until(expected: Record<string, string>): Promise<Record<string, string>>
}

async function watching(
  fixture: Fixture,
  targets: Partial<WatchTargets>,
  pollMs = 0,
): Promise<Watched> {
  const absolute = (paths: readonly string[] = []): string[] => paths.map((p) => fixture.path(p))
  const events = new EventHub<WatchEvents>()
  const times = { debounceMs: 25, maxDelayMs: 250 }
  const watcher = createWatcher({ clock: systemClock, events, ...times, pollMs })
  const sets: ChangeSet[] = []
  const listeners = new Set<() => void>()
  watcher.onChange((set) => {
    sets.push(set)
    for (const listener of listeners) listener()
  })
  watcher.watch({
    files: absolute(targets.files),
    dirs: absolute(targets.dirs),
    absent: absolute(targets.absent),
  })
  await watcher.ready()
  return {
    watcher,
    events,
    sets,
    async until(expected) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const look = (): void => {
        const latest = Object.fromEntries(reported(fixture, sets))
        if (Object.entries(expected).every(([path, kind]) => latest[path] === kind)) resolve()
      }
      listeners.add(look)
      look()
      await promise
      listeners.delete(look)
      return Object.fromEntries(
        reported(fixture, sets).filter(([path, kind]) => expected[path] !== kind),
      )
    },
    [Symbol.asyncDispose]: () => watcher.close(),
  }
}

function reported(fixture: Fixture, sets: readonly ChangeSet[]): [string, string][] {
  return sets.flatMap((set) =>
    [...set.changes].map(([path, kind]): [string, string] => [toRelPath(fixture.root, path), kind]),
  )
}

function saveAtomically(file: string, contents: string): void {
  writeFileSync(`${file}.tmp`, contents)
  renameSync(`${file}.tmp`, file)
}

describe.each([
  ['native', 0],
  ['polling', 20],
])('watch() with %s events', (_mode, pollMs) => {
  test('reports an edit as one change', async () => {
    await using fixture = await createFixture({ 'a.ts': '1', 'b.ts': '1' })
    await using watched = await watching(fixture, { files: ['a.ts', 'b.ts'] }, pollMs)

    writeFileSync(fixture.path('a.ts'), '22')

    expect(await watched.until({ 'a.ts': 'changed' })).toEqual({})
    expect(watched.sets).toHaveLength(1)
  })

  test('reports an atomic save through a rename as one change', async () => {
    await using fixture = await createFixture({ 'a.ts': '1' })
    await using watched = await watching(fixture, { files: ['a.ts'] }, pollMs)

    saveAtomically(fixture.path('a.ts'), '2')

    expect(await watched.until({ 'a.ts': 'changed' })).toEqual({})
    expect(watched.sets).toHaveLength(1)
  })

  test('keeps reporting after the file was replaced', async () => {
    await using fixture = await createFixture({ 'a.ts': '1' })
    await using watched = await watching(fixture, { files: ['a.ts'] }, pollMs)
    saveAtomically(fixture.path('a.ts'), '2')
    expect(await watched.until({ 'a.ts': 'changed' })).toEqual({})
    watched.sets.length = 0

    saveAtomically(fixture.path('a.ts'), '3')

    expect(await watched.until({ 'a.ts': 'changed' })).toEqual({})
  })

  test('reports a file that is deleted and made again at once as one change', async () => {
    await using fixture = await createFixture({ 'a.ts': '1' })
    await using watched = await watching(fixture, { files: ['a.ts'] }, pollMs)

    unlinkSync(fixture.path('a.ts'))
    writeFileSync(fixture.path('a.ts'), 'again')

    expect(await watched.until({ 'a.ts': 'changed' })).toEqual({})
    expect(watched.sets).toHaveLength(1)
  })

  test('reports a deletion, and the file when it comes back', async () => {
    await using fixture = await createFixture({ 'a.ts': '1' })
    await using watched = await watching(fixture, { files: ['a.ts'] }, pollMs)
    unlinkSync(fixture.path('a.ts'))
    expect(await watched.until({ 'a.ts': 'removed' })).toEqual({})
    watched.sets.length = 0

    writeFileSync(fixture.path('a.ts'), 'back')

    expect(await watched.until({ 'a.ts': 'added' })).toEqual({})
  })

  test('reports an absent file when it appears, through folders that appear one by one', async () => {
    await using fixture = await createFixture({ 'src/main.ts': '' })
    const target = 'src/one/two/three.ts'
    const targets = { files: ['src/main.ts'], dirs: ['src', 'src/one'], absent: [target] }
    await using watched = await watching(fixture, targets, pollMs)
    mkdirSync(fixture.path('src/one'))
    expect(await watched.until({ 'src/one': 'added' })).toEqual({})
    mkdirSync(fixture.path('src/one/two'))
    expect(await watched.until({ 'src/one': 'added', 'src/one/two': 'added' })).toEqual({})

    writeFileSync(fixture.path(target), 'x')

    expect(
      await watched.until({ 'src/one': 'added', 'src/one/two': 'added', [target]: 'added' }),
    ).toEqual({})
  })

  test('reports an absent file when all its folders appear with it', async () => {
    await using fixture = await createFixture({ 'src/main.ts': '' })
    const target = 'node_modules/pkg/lib/x.js'
    await using watched = await watching(
      fixture,
      { files: ['src/main.ts'], absent: [target] },
      pollMs,
    )

    await fixture.write(target, 'x')

    expect(await watched.until({ [target]: 'added' })).toEqual({})
  })

  test('reports every file below a folder that is removed and made again', async () => {
    await using fixture = await createFixture({ 'm.ts': '', 'd/a.ts': '1', 'd/e/b.ts': '1' })
    await using watched = await watching(fixture, { files: ['m.ts', 'd/a.ts', 'd/e/b.ts'] }, pollMs)
    rmSync(fixture.path('d'), { recursive: true })
    expect(await watched.until({ 'd/a.ts': 'removed', 'd/e/b.ts': 'removed' })).toEqual({})
    watched.sets.length = 0

    await fixture.write('d/e/b.ts', '2')
    await fixture.write('d/a.ts', '2')

    expect(await watched.until({ 'd/a.ts': 'added', 'd/e/b.ts': 'added' })).toEqual({})
  })

  test('reports the files of a folder that is exchanged for another', async () => {
    await using fixture = await createFixture({ 'm.ts': '', 'd/a.ts': '1', 'other/a.ts': '1' })
    await using watched = await watching(fixture, { files: ['m.ts', 'd/a.ts'] }, pollMs)

    renameSync(fixture.path('d'), fixture.path('old'))
    renameSync(fixture.path('other'), fixture.path('d'))

    expect(await watched.until({ 'd/a.ts': 'changed' })).toEqual({})
    watched.sets.length = 0
    await watched.watcher.ready()
    writeFileSync(fixture.path('d/a.ts'), '333')
    expect(await watched.until({ 'd/a.ts': 'changed' })).toEqual({})
  })

  test('reports the retargeting of a link to a folder', async () => {
    await using fixture = await createFixture({ 'v1/a.ts': '1', 'v2/a.ts': '2', 'm.ts': '' })
    mkdirSync(fixture.path('node_modules'))
    symlinkSync('../v1', fixture.path('node_modules/pkg'), 'junction')
    const files = ['m.ts', 'node_modules/pkg']
    await using watched = await watching(fixture, { files }, pollMs)

    unlinkSync(fixture.path('node_modules/pkg'))
    symlinkSync('../v2', fixture.path('node_modules/pkg'), 'junction')

    expect(await watched.until({ 'node_modules/pkg': 'changed' })).toEqual({})
  })

  test('reports files behind a link when the link leads elsewhere', async () => {
    await using fixture = await createFixture({ 'v1/a.ts': '1', 'v2/a.ts': '2', 'm.ts': '' })
    symlinkSync('v1', fixture.path('link'), 'junction')
    await using watched = await watching(fixture, { files: ['m.ts', 'link/a.ts'] }, pollMs)

    unlinkSync(fixture.path('link'))
    symlinkSync('v2', fixture.path('link'), 'junction')

    expect(await watched.until({ 'link/a.ts': 'changed' })).toEqual({})
  })

  test('reports names that come and go in a listed folder, not what is in other files', async () => {
    await using fixture = await createFixture({ 'd/a.ts': '1', 'd/gone.ts': '', 'd/log.txt': '' })
    await using watched = await watching(fixture, { files: ['d/a.ts'], dirs: ['d'] }, pollMs)

    writeFileSync(fixture.path('d/log.txt'), 'noise')
    writeFileSync(fixture.path('d/new.ts'), '')
    unlinkSync(fixture.path('d/gone.ts'))
    mkdirSync(fixture.path('d/folder'))
    writeFileSync(fixture.path('d/folder/deep.ts'), '')

    expect(
      await watched.until({ 'd/new.ts': 'added', 'd/gone.ts': 'removed', 'd/folder': 'added' }),
    ).toEqual({})
  })

  test('puts changes of one moment into one set', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `f${index}.ts`)
    await using fixture = await createFixture(Object.fromEntries(names.map((name) => [name, '1'])))
    await using watched = await watching(fixture, { files: names }, pollMs)

    for (const name of names) writeFileSync(fixture.path(name), '22')

    expect(await watched.until(Object.fromEntries(names.map((name) => [name, 'changed'])))).toEqual(
      {},
    )
    expect(watched.sets.length).toBeLessThanOrEqual(pollMs === 0 ? 1 : 40)
  })
})

describe('watch()', () => {
  test('counts changes from the call on, before it is ready', async () => {
    await using fixture = await createFixture({ 'a.ts': '1', 'd/x.ts': '' })
    const events = new EventHub<WatchEvents>()
    const times = { debounceMs: 25, maxDelayMs: 250, pollMs: 0 }
    const watcher = createWatcher({ clock: systemClock, events, ...times })
    const { promise, resolve } = Promise.withResolvers<ChangeSet>()
    watcher.onChange(resolve)

    watcher.watch({ files: [fixture.path('a.ts')], dirs: [fixture.path('d')], absent: [] })
    saveAtomically(fixture.path('a.ts'), '2')
    writeFileSync(fixture.path('d/y.ts'), '')

    expect((await promise).changes.get(fixture.path('a.ts'))).toBe('changed')
    await watcher.close()
  })

  test('replaces what is watched and forgets the rest', async () => {
    await using fixture = await createFixture({ 'a.ts': '1', 'b.ts': '1', 'c/d.ts': '1' })
    await using watched = await watching(fixture, { files: ['a.ts', 'c/d.ts'] })

    watched.watcher.watch({ ...NONE, files: [fixture.path('b.ts')] })
    await watched.watcher.ready()
    writeFileSync(fixture.path('a.ts'), '22')
    writeFileSync(fixture.path('c/d.ts'), '22')
    writeFileSync(fixture.path('b.ts'), '22')

    expect(await watched.until({ 'b.ts': 'changed' })).toEqual({})
    expect(watched.watcher.watched).toBe(1)
  })

  test('keeps a change that was not reported yet when the targets are replaced', async () => {
    await using fixture = await createFixture({ 'a.ts': '1', 'b.ts': '1' })
    await using watched = await watching(fixture, { files: ['a.ts'] })

    writeFileSync(fixture.path('a.ts'), '22')
    watched.watcher.watch({ ...NONE, files: [fixture.path('a.ts'), fixture.path('b.ts')] })

    expect(await watched.until({ 'a.ts': 'changed' })).toEqual({})
  })

  test('emits watch.changed with what the listeners get', async () => {
    await using fixture = await createFixture({ 'a.ts': '1' })
    await using watched = await watching(fixture, { files: ['a.ts'] })
    const seen: unknown[] = []
    watched.events.on('watch.changed', (event) => seen.push(event))

    writeFileSync(fixture.path('a.ts'), '22')

    expect(await watched.until({ 'a.ts': 'changed' })).toEqual({})
    expect(seen).toEqual(watched.sets)
  })

  test('tells an overflow when the system lost events', async () => {
    await using fixture = await createFixture({ 'a.ts': '1', 'b.ts': '1', 'z.ts': '1' })
    const files = ['a.ts', 'b.ts', 'z.ts']
    await using watched = await watching(fixture, { files })
    const { promise, resolve } = Promise.withResolvers<WatchEvents['watch.overflow']>()
    watched.events.on('watch.overflow', resolve)

    // The loop does not turn meanwhile, so the kernel's queue of 16,384 events overflows, and
    // what happens to z.ts is not told at all.
    const open = ['a.ts', 'b.ts'].map((file) => openSync(fixture.path(file), 'a'))
    for (let count = 0; count < 8_500; count += 1) for (const file of open) writeSync(file, 'x')
    for (const file of open) closeSync(file)
    writeFileSync(fixture.path('z.ts'), 'lost')

    expect((await promise).reason).toContain('10000 events')
    expect(
      await watched.until({ 'a.ts': 'changed', 'b.ts': 'changed', 'z.ts': 'changed' }),
    ).toEqual({})
    expect(watched.sets.some((set) => set.overflow)).toBe(true)
  })
})

describe('setDebounce()', () => {
  test('changes the window of a running watcher', async () => {
    await using fixture = await createFixture({ 'a.ts': '1' })
    await using watched = await watching(fixture, { files: ['a.ts'] })

    watched.watcher.setDebounce(1)
    writeFileSync(fixture.path('a.ts'), '22')

    expect(await watched.until({ 'a.ts': 'changed' })).toEqual({})
  })
})

describe('close()', () => {
  test('leaves nothing that keeps a process alive', async () => {
    await using fixture = await createFixture({ 'a.ts': '1', 'd/b.ts': '1' })
    const script = `
      import { writeFileSync } from 'node:fs'
      import { systemClock } from ${JSON.stringify(source('base/clock.ts'))}
      import { EventHub } from ${JSON.stringify(source('base/events.ts'))}
      import { createWatcher } from ${JSON.stringify(source('watch/watcher.ts'))}
      const before = process.getActiveResourcesInfo()
      for (const pollMs of [0, 20]) {
        const watcher = createWatcher({ clock: systemClock, events: new EventHub(),
          debounceMs: 25, maxDelayMs: 250, pollMs })
        watcher.watch({ files: ['${fixture.path('a.ts')}'], dirs: ['${fixture.path('d')}'],
          absent: ['${fixture.path('x/y/z.ts')}'] })
        await watcher.ready()
        writeFileSync('${fixture.path('a.ts')}', String(pollMs) + 'new')
        await watcher.close()
        await watcher.close()
      }
      await new Promise(setImmediate)
      const after = process.getActiveResourcesInfo()
      process.stdout.write(JSON.stringify({ before, after }))`

    const { stdout } = await promisify(execFile)(
      process.execPath,
      ['--conditions=somon-source', '--input-type=module', '--eval', script],
      { cwd: dirname(source('.')), timeout: 20_000 },
    )

    const { before, after } = JSON.parse(stdout)
    expect(after).toEqual(before)
  })

  test('drops what waits and ignores later targets', async () => {
    await using fixture = await createFixture({ 'a.ts': '1' })
    const watched = await watching(fixture, { files: ['a.ts'] })

    writeFileSync(fixture.path('a.ts'), '22')
    await watched.watcher.close()
    watched.watcher.watch({ ...NONE, files: [fixture.path('a.ts')] })
    await watched.watcher.ready()

    expect(watched.sets).toEqual([])
  })
})

function source(path: string): string {
  return join(import.meta.dirname, '../../src', path)
}
