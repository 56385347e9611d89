import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { Redis } from 'ioredis'
import mysql from 'mysql2/promise'
import pg from 'pg'
import { createClient } from 'redis'
import { codeOf } from '../../src/base/error.ts'

/** Where a database listens. */
export interface Place {
  readonly host: string
  readonly port: number
}

/** Connects, asks one question and ends; says `ok`, or the code of the error. */
export type Ask = (place: Place, timeoutMs?: number) => Promise<string>

/** What tries again by itself is switched off: each question is one dial. */
export const drivers: {
  readonly pg: Ask
  readonly ioredis: Ask
  readonly redis: Ask
  readonly mysql2: Ask
} = {
  async pg({ host, port }, timeoutMs = 0) {
    const client = new pg.Client({
      ...{ host, port, user: 'somon', database: 'postgres', ssl: false },
      connectionTimeoutMillis: timeoutMs,
    })
    client.on('error', () => {})
    return outcomeOf(async () => {
      await client.connect()
      await client.query('select 1')
      await client.end()
    })
  },

  async ioredis({ host, port }, timeoutMs = 10_000) {
    const client = new Redis({
      ...{ host, port, lazyConnect: true, maxRetriesPerRequest: 0, enableOfflineQueue: false },
      ...{ connectTimeout: timeoutMs, retryStrategy: () => null },
    })
    let reported: unknown
    client.on('error', (error) => {
      reported = error
    })
    const outcome = await outcomeOf(async () => {
      await client.connect()
      await client.ping()
    })
    client.disconnect()
    // The promise says no more than that the connection is closed.
    return outcome === 'ok' ? outcome : nameOf(reported)
  },

  async redis({ host, port }, timeoutMs = 10_000) {
    const client = createClient({
      socket: { host, port, connectTimeout: timeoutMs, reconnectStrategy: false },
    })
    client.on('error', () => {})
    const outcome = await outcomeOf(async () => {
      await client.connect()
      await client.ping()
    })
    if (client.isOpen) client.destroy()
    return outcome
  },

  async mysql2({ host, port }, timeoutMs = 10_000) {
    return outcomeOf(async () => {
      const connection = await mysql.createConnection({
        ...{ host, port, user: 'somon', connectTimeout: timeoutMs },
      })
      await connection.ping()
      connection.destroy()
    })
  },
}

async function outcomeOf(ask: () => Promise<void>): Promise<string> {
  try {
    await ask()
    return 'ok'
  } catch (error) {
    return nameOf(error)
  }
}

function nameOf(error: unknown): string {
  return codeOf(error) ?? (error instanceof Error ? error.message : String(error))
}

/** As much of MySQL as a client needs to connect, to be let in and to be answered. */
export async function startFakeMysql(): Promise<Place & AsyncDisposable> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
    socket.write(packet(0, GREETING))
    socket.on('data', (data) => socket.write(packet((data[3] ?? 0) + 1, OK)))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    host: '127.0.0.1',
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  }
}

/** Protocol 10, thread 1, `mysql_native_password` with 20 bytes to hash the password with. */
const GREETING = Buffer.concat([
  Buffer.from('\x0a8.0.0-somon\0\x01\0\0\0saltsalt\0', 'latin1'),
  // Capabilities: long password, protocol 4.1, secure connection, plugins.
  Buffer.from([0x01, 0x82, 0x21, 0x02, 0x00, 0x08, 0x00, 21]),
  Buffer.alloc(10),
  Buffer.from('saltsaltsalt\0mysql_native_password\0', 'latin1'),
])
const OK = Buffer.from([0, 0, 0, 2, 0, 0, 0])

function packet(sequence: number, body: Buffer): Buffer {
  const header = Buffer.alloc(4)
  header.writeUIntLE(body.length, 0, 3)
  header[3] = sequence
  return Buffer.concat([header, body])
}
