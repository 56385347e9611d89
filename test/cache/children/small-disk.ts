/**
 * Uses a cache on a small file system of its own (this process has its own mounts) that gets full
 * or turns read-only; prints what happened as JSON. Arguments: mount point, `full` or `readonly`.
 */
import { randomUUID } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EventHub } from '../../../src/base/events.ts'
import { createDiskTier } from '../../../src/cache/disk.ts'
import { bootId } from '../../../src/cache/sighting.ts'
import type { CacheEvents } from '../../../src/cache/events.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const MOUNT = 'mount'
const [, , mount = '', story = ''] = process.argv
execFileSync(MOUNT, ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', mount])

const clock = new FakeClock(Date.now())
const hub = new EventHub<CacheEvents>()
const events: unknown[] = []
hub.on('cache.readonly', ({ because, retryAfterMs }) => events.push({ because, retryAfterMs }))
const tier = createDiskTier({
  name: 'disk',
  dir: join(mount, 'cache'),
  mode: 'readwrite',
  secret: undefined,
  maxBytes: 1e9,
  maxAgeMs: 1e12,
  referencesOf: () => [],
  bootId,
  events: hub,
  clock,
  uniqueName: randomUUID,
})
const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `keys/key${at}`)
const write = (keys: string[]): Promise<unknown> =>
  Promise.all(keys.map((key) => tier.set(key, new Uint8Array(50_000).fill(7))))
const readable = (): number => names(9).filter((key) => tier.getSync(key) !== undefined).length

if (story === 'full') writeFileSync(join(mount, 'filler'), new Uint8Array(250_000))
else {
  await write(names(1))
  execFileSync(MOUNT, ['-o', 'remount,ro', mount])
}
await write(names(9))
const during = readable()
const errorsDuring = tier.stats().writeErrors

await clock.advance(59_999)
await write(names(9))
const stillQuiet = tier.stats().writeErrors === errorsDuring && readable() === during

if (story === 'full') rmSync(join(mount, 'filler'))
else execFileSync(MOUNT, ['-o', 'remount,rw', mount])
await clock.advance(1)
await write(['keys/after'])
const after = tier.getSync('keys/after') !== undefined
const { bad } = await tier.verify()
process.stdout.write(JSON.stringify({ events, during, stillQuiet, after, bad }))
