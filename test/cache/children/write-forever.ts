/**
 * Overwrites keys and adds blobs until it is killed; says so before each write.
 * Arguments: cache directory, name of this run.
 */
import { randomUUID } from 'node:crypto'
import { EventHub } from '../../../src/base/events.ts'
import { systemClock } from '../../../src/base/clock.ts'
import { createDiskTier } from '../../../src/cache/disk.ts'
import { bootId } from '../../../src/cache/sighting.ts'
import { payloadOf } from './payload.ts'

const [, , dir = '', run = ''] = process.argv
const tier = createDiskTier({
  name: 'disk',
  dir,
  mode: 'readwrite',
  secret: undefined,
  maxBytes: 1e9,
  maxAgeMs: 1e12,
  referencesOf: () => [],
  bootId,
  events: new EventHub(),
  clock: systemClock,
  uniqueName: randomUUID,
})
for (let round = 0; ; round += 1) {
  const key = round % 2 === 0 ? `keys/key${round % 8}` : `blobs/blob-${run}-${round}`
  process.stdout.write('.')
  await tier.set(key, payloadOf(key, 200_000))
}
