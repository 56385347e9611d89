import { randomUUID } from 'node:crypto'
import { EventHub } from '../../src/base/events.ts'
import { createDiskTier, type DiskTier, type DiskTierOptions } from '../../src/cache/disk.ts'
import { bootId } from '../../src/cache/sighting.ts'
import type { CacheEvents } from '../../src/cache/events.ts'
import { FakeClock } from './fake-clock.ts'
import { createFixture, type Fixture } from './fixture.ts'

/** A disk cache in a folder of its own, a clock to move, and what was reported. */
export interface CacheScene extends AsyncDisposable {
  readonly fixture: Fixture
  readonly dir: string
  readonly clock: FakeClock
  readonly hub: EventHub<CacheEvents>
  /** `cache.corrupt`, `cache.readonly` and `cache.evicted`, in order. */
  readonly seen: [string, unknown][]
  readonly tier: DiskTier
  make(options?: Partial<DiskTierOptions>): DiskTier
}

/** Makes a scene; the payload of a key lists what it names, one key a line. */
export async function cacheScene(options: Partial<DiskTierOptions> = {}): Promise<CacheScene> {
  const fixture = await createFixture()
  const clock = new FakeClock(Date.now())
  const hub = new EventHub<CacheEvents>()
  const seen: [string, unknown][] = []
  for (const name of ['cache.corrupt', 'cache.readonly', 'cache.evicted'] as const) {
    hub.on(name, (event) => seen.push([name, event]))
  }
  const make = (more: Partial<DiskTierOptions> = {}): DiskTier =>
    createDiskTier({
      name: 'disk',
      dir: fixture.path('cache'),
      mode: 'readwrite',
      secret: undefined,
      maxBytes: 1e9,
      maxAgeMs: 30 * 86_400e3,
      referencesOf: linesOf,
      bootId,
      events: hub,
      clock,
      uniqueName: randomUUID,
      ...options,
      ...more,
    })
  return {
    fixture,
    dir: fixture.path('cache'),
    clock,
    hub,
    seen,
    tier: make(),
    make,
    [Symbol.asyncDispose]: () => fixture[Symbol.asyncDispose](),
  }
}

export function bytes(content: string): Uint8Array {
  return Buffer.from(content)
}

export function text(payload: Uint8Array | undefined): string | undefined {
  return payload && Buffer.from(payload).toString()
}

/** What the payload of a key names. */
export function linesOf(payload: Uint8Array): readonly string[] {
  return Buffer.from(payload).toString().split('\n').filter(Boolean)
}
