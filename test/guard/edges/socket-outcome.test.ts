import { connect, type LookupFunction, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { freezeServer } from '../support/frozen-server.ts'
import { guardSettings } from '../support/settings.ts'
import { turns, until } from '../support/tcp-scene.ts'
import { beginSockets, resultOf, type SocketRig } from './socket-scene.ts'

const notFound = Object.assign(new Error('no such host'), { code: 'ENOTFOUND' })
const failing: LookupFunction = (_hostname, _options, callback) =>
  setImmediate(() => callback(notFound, []))
const failingAtOnce: LookupFunction = (_hostname, _options, callback) => callback(notFound, [])
const found: LookupFunction = (_hostname, _options, callback) =>
  setImmediate(() => callback(null, [{ address: '127.0.0.1', family: 4 }]))
const hanging: LookupFunction = () => {}

describe('createSocketEdge() while a name is looked up', () => {
  test.each([
    ['later', failing],
    ['at once', failingAtOnce],
  ])('counts a failure of it for each declared port of the name; failing %s', async (_, lookup) => {
    using rig = beginSockets({
      settings: guardSettings({ consecutive: 2 }),
      declared: { 'db.test:5432': 'db', 'db.test:6379': 'cache', 'other.test:5432': 'other' },
    })
    const dial = (): Promise<string> =>
      rig.dial(() => connect({ port: 5432, host: 'db.test', lookup }))

    const results = [await dial(), await dial(), await dial()]

    expect(results).toEqual(['ENOTFOUND', 'ENOTFOUND', 'ENOTFOUND'])
    expect(rig.scene.calls.map(({ dependency, outcome }) => `${dependency} ${outcome}`)).toEqual([
      ...['db failure', 'cache failure', 'db failure', 'cache failure'],
    ])
    // Nobody got a refusal for the third one: its caller was told of the look-up.
    expect(rig.scene.guard('db').snapshot()).toMatchObject({ state: 'open', totals: { open: 0 } })
  })

  test('ends a look-up that takes longer than the timeout', async () => {
    using rig = beginSockets({
      settings: guardSettings({}, { timeoutMs: 40 }),
      declared: { 'db.test:5432': 'db' },
    })

    const result = await rig.dial(() => connect({ port: 5432, host: 'db.test', lookup: hanging }))

    expect(result).toBe('SOMON_GUARD_TIMEOUT')
    expect(rig.scene.outcomes).toEqual(['timeout'])
  })

  test('ends with the look-up, and is not misled by that of an earlier dial', async () => {
    await using server = await freezeServer()
    const settings = guardSettings({}, { timeoutMs: 40 })
    using rig = beginSockets({ settings, declared: { 'db.test:5432': 'db' } })
    const waiting = rig.scene.as('orders', () =>
      connect({ port: server.port, host: 'db.test', lookup: found }),
    )
    const again = connect({ port: 1, host: 'db.test', lookup: failing })
    await resultOf(again)
    rig.scene.as('orders', () => again.connect(server.port, '127.0.0.1'))

    // It begins later and waits as long.
    await rig.dial(() => connect({ port: 5432, host: 'db.test', lookup: hanging }))

    expect([waiting.destroyed, again.destroyed]).toEqual([false, false])
    expect(rig.scene.outcomes).toEqual(['timeout'])
    waiting.destroy()
    again.destroy()
  })
})

/** A socket edge before a server that does not answer. */
interface FrozenRig extends Pick<SocketRig, 'scene' | 'dial'>, AsyncDisposable {
  readonly begin: () => Socket
  readonly thaw: () => Promise<void>
}

describe('createSocketEdge() while nobody answers', () => {
  test('ends the dial at the timeout of the guard', async () => {
    await using rig = await frozen(guardSettings({}, { timeoutMs: 60 }))

    const result = await rig.dial(rig.begin)

    expect(result).toBe('SOMON_GUARD_TIMEOUT')
    expect(rig.scene.outcomes).toEqual(['timeout'])
  })

  test.each<[string, string, (socket: Socket) => void]>([
    ['destroy()', 'ignored', (socket) => void socket.destroy()],
    ['destroy(error)', 'ignored', (socket) => void socket.destroy(new Error('mine'))],
    ['what pg does', 'timeout', (socket) => void socket.destroy(new Error('timeout expired'))],
    [
      'an error as of Node itself',
      'failure',
      (socket) =>
        void socket.destroy(
          Object.assign(new Error('late'), { code: 'ETIMEDOUT', syscall: 'connect' }),
        ),
    ],
  ])('judges %s of the caller as %s', async (_name, outcome, act) => {
    await using rig = await frozen()
    const socket = rig.scene.as('orders', rig.begin)
    const result = resultOf(socket)
    await turns(1)

    act(socket)
    await result

    expect(rig.scene.outcomes).toEqual([outcome])
  })

  test('takes the timeout event of a socket for the reason of its end', async () => {
    await using rig = await frozen()
    const socket = rig.scene.as('orders', rig.begin)
    socket.setTimeout(30, () => socket.destroy())

    await resultOf(socket)

    expect(rig.scene.outcomes).toEqual(['timeout'])
  })

  test('blames the server for a dial given up after a second, whatever for', async () => {
    await using rig = await frozen(guardSettings({}, { timeoutMs: 0 }))
    const patient = rig.scene.as('orders', rig.begin)
    await turns(1)
    rig.scene.configure(guardSettings({}, { timeoutMs: 1010 }))

    // It begins later and waits for a second itself.
    const other = await rig.dial(rig.begin)
    const result = resultOf(patient)
    patient.destroy()
    await result

    expect(other).toBe('SOMON_GUARD_TIMEOUT')
    expect(rig.scene.outcomes).toEqual(['timeout', 'timeout'])
  })

  test('opens, refuses, and closes again when the server goes on', async () => {
    const open = { baseMs: 30, factor: 1, jitter: 0 }
    const halfOpen = { probes: 1, successes: 1, maxMs: 5000 }
    await using rig = await frozen(
      guardSettings({ consecutive: 2, open, halfOpen }, { timeoutMs: 400 }),
    )

    const results = [
      await rig.dial(rig.begin),
      await rig.dial(rig.begin),
      await rig.dial(rig.begin),
    ]
    await rig.thaw()
    await until(() => rig.scene.guard('db').breaker.state === 'half-open')
    const probe = await rig.dial(rig.begin)

    expect(results).toEqual(['SOMON_GUARD_TIMEOUT', 'SOMON_GUARD_TIMEOUT', 'SOMON_GUARD_OPEN'])
    expect(probe).toBe('connect')
    expect(rig.scene.guard('db').breaker.state).toBe('closed')
  })
})

async function frozen(settings = guardSettings()): Promise<FrozenRig> {
  const server = await freezeServer()
  const rig = beginSockets({ settings, declared: { [`127.0.0.1:${server.port}`]: 'db' } })
  return {
    ...{ scene: rig.scene, dial: (begin) => rig.dial(begin) },
    begin: () => connect(server.port, '127.0.0.1'),
    thaw: () => server.thaw(),
    async [Symbol.asyncDispose]() {
      rig[Symbol.dispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}
