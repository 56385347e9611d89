import { lookup } from 'node:dns/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { promisify } from 'node:util'
import { describe, expect, test, vi } from 'vitest'
import type { Generation } from '../../src/evaluate/generation.ts'
import { createFixture } from '../support/fixture.ts'
import { createRig } from './support/evaluator.ts'
import { wrapped } from './support/wrapped.ts'

const retireNow = { drainTimeoutMs: 0 }

function builtin(spec: string, name: string): { imports: string; deps: { spec: string }[] } {
  return { imports: `${name}=$d[0]["${name}"]`, deps: [{ spec }] }
}

function exported(generation: Generation, name: string): unknown {
  return generation.namespace[name]
}

function createListener(): () => void {
  return () => {}
}

function isDestroyed(timer: object | undefined): unknown {
  return timer === undefined ? undefined : Reflect.get(timer, '_destroyed')
}

describe('ledger in mode "dispose"', () => {
  test('retire() closes listening servers and their connections', async () => {
    using rig = createRig('/project')
    const artifact = wrapped({
      ...builtin('node:net', 'createServer'),
      body: "const server = createServer(() => {}).listen(0, '127.0.0.1')",
      exports: { server: 'server' },
    })
    const generation = await rig.start(artifact)
    const server = exported(generation, 'server') as Server
    await once(server, 'listening')
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    await Promise.all([once(client, 'connect'), once(server, 'connection')])
    const listensBefore = generation.listens

    const [report] = await Promise.all([
      rig.evaluator.retire(generation, retireNow),
      once(client, 'close'),
    ])

    expect(listensBefore).toBe(true)
    expect(report.swept).toEqual({ server: 1 })
    expect(server.listening).toBe(false)
    expect(generation.listens).toBe(false)
  })

  test('Generation.listens holds from the call of listen() on, and not after close()', async () => {
    using rig = createRig('/project')
    const artifact = wrapped({
      ...builtin('node:net', 'createServer'),
      body: "const server = createServer(() => {}).listen(0, '127.0.0.1')",
      exports: { server: 'server' },
    })

    const generation = await rig.start(artifact)
    const atOnce = generation.listens
    const server = exported(generation, 'server') as Server
    await once(server, 'listening')
    server.close()
    await once(server, 'close')

    expect(atOnce).toBe(true)
    expect(generation.listens).toBe(false)
    expect(rig.evaluator.resources(generation)).toEqual({})
  })

  test('Generation.listens ends with a close() before the server listened', async () => {
    using rig = createRig('/project')
    const artifact = wrapped({
      ...builtin('node:net', 'createServer'),
      body: "const server = createServer(() => {}).listen(0, 'localhost'); server.close()",
    })
    const generation = await rig.start(artifact)

    await lookup('localhost')
    await new Promise(setImmediate)

    expect(generation.listens).toBe(false)
  })

  test('retire() closes a server that is not yet listening', async () => {
    using rig = createRig('/project')
    const artifact = wrapped({
      ...builtin('node:net', 'createServer'),
      body: "const server = createServer(() => {}).listen(0, 'localhost')",
      exports: { server: 'server' },
    })
    const generation = await rig.start(artifact)
    const server = exported(generation, 'server') as Server
    const listeningBefore = server.listening

    const report = await rig.evaluator.retire(generation, retireNow)
    await lookup('localhost')
    await new Promise(setImmediate)

    expect(listeningBefore).toBe(false)
    expect(report).toMatchObject({ swept: { server: 1 }, errors: [] })
    expect(server.listening).toBe(false)
    expect(generation.listens).toBe(false)
  })

  test('retire() ends workers, children and datagram sockets', async () => {
    using rig = createRig('/project')
    const artifact = wrapped({
      imports: 'Worker=$d[0].Worker,spawn=$d[1].spawn,createSocket=$d[2].createSocket',
      deps: [
        { spec: 'node:worker_threads' },
        { spec: 'node:child_process' },
        { spec: 'node:dgram' },
      ],
      body: `
        const worker = new Worker('setInterval(() => {}, 1000)', { eval: true })
        const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
        const socket = createSocket('udp4').bind(0, '127.0.0.1')`,
      exports: { worker: 'worker', child: 'child' },
    })
    const generation = await rig.start(artifact)
    const exits = ['worker', 'child'].map((name) =>
      once(exported(generation, name) as NodeJS.EventEmitter, 'exit'),
    )

    const report = await rig.evaluator.retire(generation, retireNow)
    const [, childExit] = await Promise.all(exits)

    expect(report).toMatchObject({ swept: { worker: 1, child: 1, socket: 1 }, errors: [] })
    expect(childExit).toEqual([null, 'SIGTERM'])
  })

  test('retire() takes process listeners off, those added by once() too', async () => {
    using rig = createRig('/project')
    const before = process.listenerCount('SIGUSR2')
    const artifact = wrapped({
      body: "process.on('SIGUSR2', () => {}); process.once('SIGUSR2', () => {})",
    })
    const generation = await rig.start(artifact)
    const during = process.listenerCount('SIGUSR2')

    const report = await rig.evaluator.retire(generation, retireNow)

    expect(during - before).toBe(2)
    expect(report.swept).toEqual({ listener: 2 })
    expect(process.listenerCount('SIGUSR2')).toBe(before)
  })

  test('retire() ends what use() and later callbacks have started', async () => {
    using rig = createRig('/project')
    const artifact = wrapped({
      body: `function start() { process.on('SIGUSR2', () => {}) }
        async function later() { await null; start() }`,
      exports: { start: 'start', later: 'later' },
    })
    const generation = await rig.start(artifact)
    await rig.evaluator.use(generation, (module: { start(): void }) => module.start())
    await rig.evaluator.use(generation, (module: { later(): Promise<void> }) => module.later())

    const report = await rig.evaluator.retire(generation, retireNow)

    expect(report.swept).toEqual({ listener: 2 })
  })

  test('what a library starts for a module is not owned by the module', async () => {
    await using fixture = await createFixture({
      'node_modules/pool/package.json': '{"name":"pool","main":"index.mjs"}',
      'node_modules/pool/index.mjs':
        "export const add = () => process.on('SIGUSR2', globalThis.__poolListener = () => {})",
    })
    using rig = createRig(fixture.root)
    const artifact = wrapped({
      body: '$d[0].add()',
      deps: [{ spec: 'pool' }],
    })
    const generation = await rig.start(artifact)

    const report = await rig.evaluator.retire(generation, retireNow)
    const listener = Reflect.get(globalThis, '__poolListener') as () => void
    const kept = process.listeners('SIGUSR2').includes(listener)
    process.off('SIGUSR2', listener)

    expect(report.swept).toEqual({})
    expect(kept).toBe(true)
  })

  test('two generations at once keep their resources apart', async () => {
    using rig = createRig('/project')
    const artifact = wrapped({ body: 'setInterval(() => {}, 1000)' })
    const first = await rig.start(artifact)
    const second = await rig.start(artifact)

    await rig.evaluator.retire(first, retireNow)
    const left = rig.evaluator.resources(second)
    await rig.evaluator.retire(second, retireNow)

    expect(left).toEqual({ timer: 1 })
  })

  test('what a generation starts after its sweep is ended, one-shot timers excepted', async () => {
    using rig = createRig('/project')
    const artifact = wrapped({
      body: `function start(fn) {
        process.on('SIGUSR2', fn)
        return [setInterval(fn, 1000), setTimeout(fn, 1000)] }`,
      exports: { start: 'start' },
    })
    const generation = await rig.start(artifact)
    const start = exported(generation, 'start') as (fn: () => void) => NodeJS.Timeout[]
    const held = Promise.withResolvers<void>()
    const listener = createListener()
    const call = rig.evaluator.use(generation, async () => {
      await held.promise
      return start(listener)
    })
    const retiring = rig.evaluator.retire(generation, { drainTimeoutMs: 10 })
    await rig.clock.advance(10)
    await retiring

    held.resolve()
    const [interval, timeout] = await call
    await Promise.resolve()

    expect(isDestroyed(interval)).toBe(true)
    expect(isDestroyed(timeout)).toBe(false)
    expect(process.listeners('SIGUSR2')).not.toContain(listener)
    clearTimeout(timeout)
  })

  test('an error of the sweep is reported and stops nothing', async () => {
    using rig = createRig('/project')
    const artifact = wrapped({
      ...builtin('node:child_process', 'spawn'),
      body: `const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
        const kill = child.kill.bind(child)
        child.kill = () => { kill(); throw new Error('cannot kill') }
        setInterval(() => {}, 1000)`,
    })
    const generation = await rig.start(artifact)

    const report = await rig.evaluator.retire(generation, retireNow)

    expect(report.swept).toEqual({ child: 1, timer: 1 })
    expect(report.errors).toEqual([expect.objectContaining({ message: 'cannot kill' })])
    expect(generation.state).toBe('retired')
  })
})

describe('timers of the wrapper', () => {
  const timers = wrapped({
    body: 'const t = { setTimeout, setInterval, setImmediate, clearTimeout, clearInterval, clearImmediate }',
    exports: { t: 't' },
  })

  test('call the global at call time, so fake timers are used', async () => {
    using rig = createRig('/project')
    const generation = await rig.start(timers)
    const own = exported(generation, 't') as { setTimeout: typeof setTimeout }
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    let fired = 0

    own.setTimeout(() => (fired += 1), 1000)
    vi.advanceTimersByTime(1000)
    vi.useRealTimers()

    expect(fired).toBe(1)
  })

  test('are forgotten when they are cleared or have fired', async () => {
    using rig = createRig('/project')
    const generation = await rig.start(timers)
    const own = exported(generation, 't') as typeof globalThis

    own.clearTimeout(own.setTimeout(() => {}, 1000))
    own.clearInterval(own.setInterval(() => {}, 1000))
    own.clearImmediate(own.setImmediate(() => {}))
    await new Promise((resolve) => {
      own.setTimeout(resolve, 0)
    })

    expect(rig.evaluator.resources(generation)).toEqual({})
  })

  test('can be promisified as the globals can', async () => {
    using rig = createRig('/project')
    const generation = await rig.start(timers)
    const own = exported(generation, 't') as typeof globalThis

    const value = await promisify(own.setTimeout)(0, 'value')

    expect(value).toBe('value')
    expect(own.setTimeout.name).toBe('setTimeout')
  })
})

describe('other modes of the ledger', () => {
  test('mode "report" lists what is left and ends nothing', async () => {
    using rig = createRig('/project', { ledger: 'report' })
    const artifact = wrapped({
      body: "const timer = setInterval(() => {}, 1000); process.on('SIGUSR2', listener); function listener() {}",
      exports: { timer: 'timer', listener: 'listener' },
    })
    const generation = await rig.start(artifact)
    const timer = exported(generation, 'timer') as NodeJS.Timeout
    const listener = exported(generation, 'listener') as () => void

    const report = await rig.evaluator.retire(generation, retireNow)

    expect(report).toMatchObject({ swept: {}, left: { timer: 1, listener: 1 } })
    expect(isDestroyed(timer)).toBe(false)
    expect(process.listeners('SIGUSR2')).toContain(listener)
    clearInterval(timer)
    process.off('SIGUSR2', listener)
  })

  test('mode "trace" lists every async resource of the module, but promises', async () => {
    using rig = createRig('/project', { ledger: 'trace' })
    const artifact = wrapped({
      ...builtin('node:fs', 'watch'),
      body: 'const watcher = watch(process.execPath); Promise.resolve().then(() => {})',
      exports: { watcher: 'watcher' },
    })
    const generation = await rig.start(artifact)
    const watcher = exported(generation, 'watcher') as { close(): void }

    const { left, swept } = await rig.evaluator.retire(generation, retireNow)
    watcher.close()

    expect(swept).toEqual({})
    expect(left).toMatchObject({ 'async:FSEVENTWRAP': 1 })
    expect(Object.keys(left)).not.toContain('async:PROMISE')
  })

  test('mode "off" attributes and ends nothing', async () => {
    using rig = createRig('/project', { ledger: 'off' })
    const artifact = wrapped({
      body: 'const timer = setInterval(() => {}, 1000)',
      exports: { timer: 'timer' },
    })
    const before = process.listenerCount('newListener')
    const generation = await rig.start(artifact)
    const timer = exported(generation, 'timer') as NodeJS.Timeout

    const report = await rig.evaluator.retire(generation, retireNow)

    expect(report).toMatchObject({ swept: {}, left: {} })
    expect(isDestroyed(timer)).toBe(false)
    expect(process.listenerCount('newListener')).toBe(before)
    clearInterval(timer)
  })

  test('close() drops every subscription', async () => {
    const before = process.listenerCount('newListener')
    const rig = createRig('/project')
    await rig.start(wrapped({ body: '' }))
    const during = process.listenerCount('newListener')

    rig[Symbol.dispose]()

    expect(during).toBe(before + 1)
    expect(process.listenerCount('newListener')).toBe(before)
  })
})
