/**
 * Writes, reads and collects in a cache that others use at the same time; ends with code 1 when
 * it reads something that nobody wrote. Arguments: cache directory, name of this run.
 */
import { randomUUID } from 'node:crypto'
import { EventHub } from '../../../src/base/events.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { createDiskTier } from '../../../src/cache/disk.ts'
import { bootId } from '../../../src/cache/sighting.ts'
import { isPayloadOf, payloadOf } from './payload.ts'

const [, , dir = '', run = ''] = process.argv
const events = new EventHub<{ 'cache.corrupt': unknown; 'cache.readonly': unknown }>()
const troubles: unknown[] = []
events.on('cache.corrupt', (event) => troubles.push(event))
events.on('cache.readonly', (event) => troubles.push(event))
const tier = createDiskTier({
  name: 'disk',
  dir,
  mode: 'readwrite',
  secret: undefined,
  maxBytes: 500_000,
  maxAgeMs: 1e12,
  referencesOf: () => [],
  bootId,
  events: events as never,
  clock: systemClock,
  uniqueName: randomUUID,
})
let hits = 0
for (let round = 0; round < 60; round += 1) {
  const own = `blobs/${run}-${round}`
  await tier.set(own, payloadOf(own, 5_000 + round))
  const shared = `keys/shared${round % 5}`
  await tier.set(shared, payloadOf(shared, 3_000 + round))
  for (const key of [own, shared, `keys/shared${(round + 1) % 5}`]) {
    const payload = round % 2 === 0 ? tier.getSync(key) : await tier.get(key)
    if (payload === undefined) continue
    hits += 1
    if (!isPayloadOf(key, payload)) troubles.push(`wrong payload of ${key}`)
  }
  if (round % 25 === 0) await tier.prune()
}
await tier.close()
process.stdout.write(JSON.stringify({ hits, troubles }))
process.exitCode = troubles.length === 0 && hits > 0 ? 0 : 1
