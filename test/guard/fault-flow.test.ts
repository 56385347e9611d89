import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Fault } from '../../src/testing.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { createTcpScene, echo, TcpClient, turns, until } from './support/tcp-scene.ts'

const MIB = 2 ** 20

const harmless = fc.oneof<fc.Arbitrary<Fault | undefined>[]>(
  fc.constant(undefined),
  fc.record({
    kind: fc.constant('latency' as const),
    ms: fc.integer({ min: 0, max: 3 }),
    jitterMs: fc.integer({ min: 0, max: 3 }),
    direction: fc.constantFrom('both', 'to-client', 'to-upstream'),
  }),
  fc.record({
    kind: fc.constant('bandwidth' as const),
    bytesPerSecond: fc.integer({ min: 5_000_000, max: 50_000_000 }),
    direction: fc.constantFrom('both', 'to-client', 'to-upstream'),
  }),
  fc.record({ kind: fc.constant('slow-close' as const), ms: fc.integer({ min: 0, max: 3 }) }),
)

describe('FaultFlow', () => {
  test('hands on every byte once and in order, whatever faults delay it', async () => {
    const property = fc.asyncProperty(
      fc.array(fc.tuple(fc.integer({ min: 1, max: 50_000 }), harmless), { maxLength: 12 }),
      async (steps) => {
        await using scene = await createTcpScene(echo)
        await using client = new TcpClient(scene.proxy)
        const sent: Buffer[] = []
        for (const [index, [length, fault]] of steps.entries()) {
          sent.push(Buffer.alloc(length, index + 1))
          client.socket.write(sent.at(-1) ?? '')
          await (fault === undefined ? scene.proxy.heal() : scene.proxy.set(fault))
        }
        client.socket.end()
        await client.closed()

        expect(client.bytes.equals(Buffer.concat(sent))).toBe(true)
        expect(client.seen.slice(-2)).toEqual(['end', 'close'])
        expect(scene.proxy.stats().heldBytes).toBe(0)
      },
    )

    await fc.assert(property, { numRuns: 60 })
  })

  test('holds a bounded part of what a slow reader leaves, under any delay', async () => {
    const property = fc.asyncProperty(
      harmless,
      fc.integer({ min: 1, max: 300_000 }),
      async (fault, chunkBytes) => {
        const total = 24 * MIB
        let written = 0
        await using scene = await createTcpScene((socket) => {
          const more = (): void => {
            while (written < total) {
              const bytes = Math.min(Math.max(chunkBytes, 10_000), total - written)
              written += bytes
              if (!socket.write(Buffer.alloc(bytes))) return void socket.once('drain', more)
            }
            socket.end()
          }
          more()
        })
        if (fault !== undefined) await scene.proxy.set(fault)
        await using client = new TcpClient(scene.proxy)
        client.socket.pause()
        let most = 0
        for (let left = 300; left > 0;) {
          await turns(1)
          most = Math.max(most, scene.proxy.stats().heldBytes)
          if (most >= MIB) left -= 1
        }

        const stuck = written
        await scene.proxy.heal()
        const sink = client.socket.pipe(new PassThrough())
        let read = 0
        for await (const chunk of sink) {
          read += (chunk as Buffer).length
          most = Math.max(most, scene.proxy.stats().heldBytes)
        }

        expect(stuck).toBeLessThan(total)
        expect(most).toBeLessThanOrEqual(1.25 * MIB)
        expect(read).toBe(total)
      },
    )

    await fc.assert(property, { numRuns: 8 })
  })

  test('counts what waits in the queue and before the socket', async () => {
    await using scene = await createTcpScene((socket) => socket.pause())
    await using client = new TcpClient(scene.proxy)

    client.socket.write(Buffer.alloc(24 * MIB))
    await until(() => scene.proxy.stats().heldBytes >= MIB + 2 ** 16)

    expect(scene.proxy.stats().heldBytes).toBeLessThanOrEqual(1.25 * MIB)
  })

  test('bounds how many small parts wait for their time', async () => {
    const clock = new FakeClock()
    await using scene = await createTcpScene(() => {}, { clock })
    await scene.proxy.set({ kind: 'latency', ms: 1000 })
    await using client = new TcpClient(scene.proxy)
    await once(client.socket, 'connect')
    client.socket.setNoDelay()

    for (let i = 0; i < 1200; i += 1) {
      await new Promise((resolve) => client.socket.write('x', resolve))
      await turns(2)
    }
    const held = scene.proxy.stats().heldBytes

    expect(held).toBeLessThan(1200)
    expect(clock.pending).toBe(1)
  })

  test('runs one timer however much waits, and none when nothing does', async () => {
    const clock = new FakeClock()
    await using scene = await createTcpScene(echo, { clock })
    await scene.proxy.set({ kind: 'latency', ms: 10, direction: 'to-upstream' })
    await using client = new TcpClient(scene.proxy)
    for (let i = 0; i < 5; i += 1) {
      client.socket.write('x')
      await turns(10)
    }
    const waiting = clock.pending

    await clock.advance(10)
    await client.received(5)

    expect(waiting).toBe(1)
    expect(clock.pending).toBe(0)
  })
})
