import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { bytes, cacheScene, text } from '../support/cache-scene.ts'
import { isPayloadOf } from './children/payload.ts'

const run = promisify(execFile)
const UNSHARE = 'unshare'
const CONDITION = '--conditions=somon-source'
const child = (name: string): string => join(import.meta.dirname, 'children', `${name}.ts`)

/** Mounts of the children are their own and end with them. */
const mayMount =
  spawnSync(UNSHARE, ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0
const why = mayMount ? '' : ' (skipped: this user may not mount)'

async function onSmallDisk(mount: string, story: string): Promise<unknown> {
  const node = [process.execPath, CONDITION, child('small-disk'), mount, story]
  const { stdout } = await run(UNSHARE, ['--mount', ...node])
  return JSON.parse(stdout)
}

describe('a writer killed at any moment', () => {
  test('leaves files that open whole, or none', async () => {
    await using s = await cacheScene()
    for (let kill = 0; kill < 12; kill += 1) {
      const writer = spawn(
        process.execPath,
        [CONDITION, child('write-forever'), s.dir, `${kill}`],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      )
      let written = 0
      for await (const chunk of writer.stdout) {
        written += String(chunk).length
        if (written > kill) break
      }
      const exited = once(writer, 'exit')
      writer.kill('SIGKILL')
      await exited
    }

    const { bad, checked } = await s.tier.verify()
    const keys = Array.from({ length: 4 }, (_, at) => `keys/key${at * 2}`)
    const payloads = keys.map((key) => [key, s.tier.getSync(key)] as const)

    expect(bad).toEqual([])
    expect(checked).toBeGreaterThan(0)
    const wrong = payloads.filter(([key, found]) => found && !isPayloadOf(key, found))
    expect(wrong).toEqual([])
    await s.clock.advance(2 * 3_600e3)
    await s.tier.prune()
    expect(await readdir(join(s.dir, 'v2/tmp'))).toEqual([])
  })
})

describe('two processes in one cache', () => {
  test('write, read and collect without seeing anything but what was written', async () => {
    await using s = await cacheScene()
    const runs = ['one', 'two'].map((name) =>
      run(process.execPath, [CONDITION, child('contend'), s.dir, name]),
    )

    const reports = (await Promise.all(runs)).map(({ stdout }) => JSON.parse(stdout))

    expect(reports.map((report) => report.troubles)).toEqual([[], []])
    expect((await s.tier.verify()).bad).toEqual([])
    expect(await readdir(join(s.dir, 'v2'))).not.toContain('gc.lock')
    await s.tier.prune({ maxBytes: 300_000 })
    expect((await s.tier.info()).bytes).toBeLessThanOrEqual(300_000)
  })
})

describe('a cache removed while it is used', () => {
  test('fails no call and works on', async () => {
    await using s = await cacheScene()
    const wrong: unknown[] = []
    const state = { working: 3 }
    const work = async (name: string): Promise<void> => {
      for (let round = 0; round < 60; round += 1) {
        const key = `keys/${name}${round % 7}`
        await s.tier.set(key, bytes(key))
        const found = round % 2 === 0 ? await s.tier.get(key) : s.tier.getSync(key)
        if (found !== undefined && text(found) !== key) wrong.push(key)
      }
      state.working -= 1
    }
    const workers = ['aa', 'bb', 'cc'].map(work)
    let removals = 0
    do {
      // Fails when a writer is faster than it, which is the point.
      await rm(s.dir, { recursive: true, force: true }).catch(() => {})
      removals += 1
    } while (state.working > 0)
    await Promise.all(workers)

    await s.tier.set('keys/last', bytes('there'))

    expect(removals).toBeGreaterThan(1)
    expect(wrong).toEqual([])
    expect(s.seen).toEqual([])
    expect(text(await s.tier.get('keys/last'))).toBe('there')
  })
})

describe('a file system', () => {
  test.skipIf(!mayMount)(`that is full makes the tier read for 60 s${why}`, async () => {
    await using s = await cacheScene()

    const report = await onSmallDisk(s.fixture.root, 'full')

    expect(report).toEqual({
      events: [{ because: 'ENOSPC', retryAfterMs: 60_000 }],
      during: 2,
      stillQuiet: true,
      after: true,
      bad: [],
    })
  })

  test.skipIf(!mayMount)(`that turns read-only makes the tier read for 60 s${why}`, async () => {
    await using s = await cacheScene()

    const report = await onSmallDisk(s.fixture.root, 'readonly')

    expect(report).toEqual({
      events: [{ because: 'EROFS', retryAfterMs: 60_000 }],
      during: 1,
      stillQuiet: true,
      after: true,
      bad: [],
    })
  })

  test('with a file where the directory belongs is a miss, one event and no failure', async () => {
    await using s = await cacheScene()
    await writeFile(s.dir, 'in the way')

    await s.tier.set('keys/ab12', bytes('x'))
    await s.tier.set('keys/cd34', bytes('x'))

    expect(await s.tier.get('keys/ab12')).toBeUndefined()
    expect(s.seen.map(([name]) => name)).toEqual(['cache.readonly'])
    expect(s.tier.stats().writeErrors).toBe(1)
  })

  test('with a folder where a file belongs is a miss and no failure', async () => {
    await using s = await cacheScene()
    await mkdir(join(s.dir, 'v2/keys/ab/ab12'), { recursive: true })

    await s.tier.set('keys/ab12', bytes('x'))

    expect(await s.tier.get('keys/ab12')).toBeUndefined()
    expect(s.tier.getSync('keys/ab12')).toBeUndefined()
  })
})
