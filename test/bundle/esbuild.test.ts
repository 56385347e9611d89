import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { EventHub } from '../../src/base/events.ts'
import {
  BUILDS_PER_SERVICE,
  EsbuildService,
  REBUILDS_PER_CHECK,
  type EsbuildOptions,
} from '../../src/bundle/esbuild.ts'
import { readRssBytes } from '../../src/bundle/esbuild-process.ts'
import type { BundleEvents } from '../../src/bundle/events.ts'
import { createFixture } from '../support/fixture.ts'

const open: EsbuildService[] = []

afterEach(async () => {
  for (const service of open.splice(0)) await service.close()
})

const MIB = 2 ** 20

function createService(rssOf?: (pid: number) => number | undefined, env = process.env) {
  const limits = { serviceMaxRssBytes: 512 * MIB, hotContexts: 2 }
  const hub = new EventHub<BundleEvents>()
  const recycled: BundleEvents['bundle.service-recycled'][] = []
  hub.on('bundle.service-recycled', (event) => recycled.push(event))
  const service = new EsbuildService({
    limits,
    env,
    recycled: hub.channel('bundle.service-recycled'),
    ...(rssOf === undefined ? {} : { rssOf }),
  })
  open.push(service)
  return { service, limits, recycled }
}

function stdin(contents: string): EsbuildOptions {
  return { stdin: { contents }, write: false }
}

describe('EsbuildService', () => {
  test('starts with the first build, without garbage collector below half the limit', async () => {
    const before = { ...process.env }
    const { service } = createService()
    const idle = service.pid

    await service.build(stdin('1'))

    const variables = readFileSync(`/proc/${service.pid}/environ`, 'utf8').split('\0')
    expect(idle).toBeUndefined()
    expect(variables).toContain('GOGC=off')
    expect(variables).toContain(`GOMEMLIMIT=${256 * MIB}B`)
    expect(process.env).toEqual(before)
  })

  test('leaves the garbage collector as the user has set it', async () => {
    process.env['GOGC'] = '77'
    try {
      const { service } = createService()

      await service.build(stdin('1'))

      const variables = readFileSync(`/proc/${service.pid}/environ`, 'utf8').split('\0')
      expect(variables).toContain('GOGC=77')
      expect(process.env['GOGC']).toBe('77')
    } finally {
      delete process.env['GOGC']
    }
  })

  test('is replaced when its memory is above the limit, and says so', async () => {
    let rss = 100 * MIB
    const { service, limits, recycled } = createService(() => rss)
    await service.build(stdin('1'))
    const first = service.pid

    await service.build(stdin('2'))
    const same = service.pid
    rss = limits.serviceMaxRssBytes + 1
    await service.build(stdin('3'))
    const stopped = service.pid
    rss = 1
    await service.build(stdin('4'))

    expect(same).toBe(first)
    expect(stopped).toBeUndefined()
    expect(service.pid).not.toBe(first)
    expect(recycled).toEqual([
      { reason: 'memory', rssBytes: limits.serviceMaxRssBytes + 1, builds: 3 },
    ])
    expect(service.recycles).toBe(1)
  })

  test('is not stopped while a build is in flight', async () => {
    const { service, recycled } = createService(() => Infinity)

    const results = await Promise.all(
      Array.from({ length: 8 }, (_, index) => service.build(stdin(`export const x = ${index}`))),
    )

    expect(results.map(({ outputFiles }) => outputFiles[0]?.text)).toEqual(
      results.map((_, index) => `export const x = ${index};\n`),
    )
    expect(recycled).toHaveLength(1)
  })

  test('is replaced after many builds where memory cannot be read', async () => {
    const { service, recycled } = createService(() => undefined)

    for (let count = 0; count < BUILDS_PER_SERVICE; count += 1) await service.build(stdin('1'))

    expect(recycled).toEqual([
      { reason: 'builds', rssBytes: undefined, builds: BUILDS_PER_SERVICE },
    ])
  })

  test('that was killed is replaced, and the build is made', async () => {
    const { service } = createService()
    await service.build(stdin('1'))
    const first = service.pid
    if (first === undefined) throw new Error('no service')

    process.kill(first, 'SIGKILL')
    const results = await Promise.all([service.build(stdin('2')), service.build(stdin('3'))])

    expect(results.map(({ outputFiles }) => outputFiles[0]?.text)).toEqual(['2;\n', '3;\n'])
    expect(service.pid).not.toBe(first)
  })

  test('is shared by two users and ends with the last of them', async () => {
    const one = createService().service
    const two = createService().service
    await one.build(stdin('1'))
    await two.build(stdin('2'))
    const { pid } = two

    await one.close()
    const still = two.pid
    const result = await two.build(stdin('3'))
    await two.close()

    expect(still).toBe(pid)
    expect(result.outputFiles[0]?.text).toBe('3;\n')
    expect(two.pid).toBeUndefined()
  })

  test('that is closed while it builds ends after the build', async () => {
    const { service } = createService()
    await service.build(stdin('1'))

    const work = service.build(stdin('2'))
    await service.close()
    const result = await work

    expect(result.outputFiles[0]?.text).toBe('2;\n')
    expect(service.pid).toBeUndefined()
  })

  test('drops kept contexts with the service, and makes them anew', async () => {
    await using fixture = await createFixture({ 'a.js': 'export const a = 1' })
    const { service } = createService()
    let made = 0
    const hot = (): Promise<unknown> =>
      service.rebuild(
        'a',
        () => {
          made += 1
          const options = {
            entryPoints: [fixture.path('a.js')],
            write: false,
            outdir: fixture.root,
          }
          return { options, session: {} }
        },
        () => true,
      )

    await hot()
    await hot()
    const madeBefore = made
    await service.recycle()
    const contexts = service.contexts
    await hot()

    expect([madeBefore, contexts, made, service.contexts]).toEqual([1, 0, 2, 1])
  })

  test('looks at its memory after some rebuilds, and after every build', async () => {
    await using fixture = await createFixture({ 'a.js': 'export const a = 1' })
    let looks = 0
    const { service } = createService(() => {
      looks += 1
      return 1
    })
    const options = { entryPoints: [fixture.path('a.js')], write: false, outdir: fixture.root }
    const hot = (): Promise<unknown> =>
      service.rebuild(
        'a',
        () => ({ options, session: {} }),
        () => true,
      )

    for (let count = 0; count < REBUILDS_PER_CHECK * 2; count += 1) await hot()
    const afterRebuilds = looks
    await hot()
    await service.build(stdin('1'))

    expect([afterRebuilds, looks]).toEqual([2, 3])
  })

  test('makes a new context when the kept one is refused or forgotten', async () => {
    await using fixture = await createFixture({ 'a.js': 'export const a = 1' })
    const { service } = createService()
    const options = { entryPoints: [fixture.path('a.js')], write: false, outdir: fixture.root }
    const refused: unknown[] = []
    const hot = (suits: boolean): Promise<unknown> =>
      service.rebuild(
        'a',
        (session?: object) => {
          refused.push(session)
          return { options, session: { number: refused.length } }
        },
        () => suits,
      )

    await hot(true)
    await hot(true)
    await hot(false)
    await service.forget('a')
    const forgotten = service.contexts
    await hot(true)

    expect(refused).toEqual([undefined, { number: 1 }, undefined])
    expect([forgotten, service.contexts]).toEqual([0, 1])
  })

  test('builds beside a context that is busy', async () => {
    await using fixture = await createFixture({ 'a.js': 'export const a = 1' })
    const { service } = createService()
    const seen: object[] = []
    const hot = (): Promise<{ outputFiles: readonly { text: string }[] }> =>
      service.rebuild(
        'a',
        () => {
          const options = {
            entryPoints: [fixture.path('a.js')],
            write: false,
            outdir: fixture.root,
          }
          return { options, session: {} }
        },
        (session) => seen.push(session) > 0,
      )
    await hot()

    const both = await Promise.all([hot(), hot()])

    expect(both.map(({ outputFiles }) => outputFiles[0]?.text)).toEqual([
      'export const a = 1;\n',
      'export const a = 1;\n',
    ])
    expect(new Set(seen).size).toBe(2)
    expect(service.contexts).toBe(1)
  })

  test('keeps the process alive only while it builds', async () => {
    const root = process.cwd()
    const script = `
      import { EventHub } from '${root}/src/base/events.ts'
      import { EsbuildService } from '${root}/src/bundle/esbuild.ts'
      const limits = { serviceMaxRssBytes: 5e8, hotContexts: 1 }
      const recycled = new EventHub().channel('bundle.service-recycled')
      const service = new EsbuildService({ limits, env: process.env, recycled })
      await service.build({ stdin: { contents: '1' }, write: false })
      console.log('built')`
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))

    const [code] = (await once(child, 'close')) as [number]

    expect([code, Buffer.concat(chunks).toString()]).toEqual([0, 'built\n'])
  })
})

describe('readRssBytes()', () => {
  test('reads a process and not one that is gone', () => {
    const { rss } = process.memoryUsage()

    expect(readRssBytes(process.pid)).toBeGreaterThan(rss / 4)
    expect(readRssBytes(2 ** 30)).toBeUndefined()
  })
})
