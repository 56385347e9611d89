import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { delay, type EffectCases } from './effect-case.ts'

/** On an idle machine a tenth would do. */
const PATIENCE_MS = 3000

/** What the settings of watching and of retired generations do. */
export const watchEffects: EffectCases = {
  'loading.watch': {
    files: { 'main.ts': 'export const value = 1' },
    seen: [
      [false, 1],
      [true, 2],
    ],
    async observe(_value, fixture, make) {
      await using system = make()
      const module = await system.load('./main.ts')
      const reloaded = nextEvent((done) => system.on('module.reloaded', done))
      await fixture.write('main.ts', 'export const value = 2')
      await Promise.race([reloaded, delay(PATIENCE_MS)])
      return module.generation
    },
  },
  'loading.watchDebounceMs': {
    files: { 'main.ts': "import './a.ts'\nimport './b.ts'", 'a.ts': 'a = 1', 'b.ts': 'b = 1' },
    seen: [
      [1, 1],
      [PATIENCE_MS, 2],
    ],
    async observe(_value, fixture, make) {
      await using system = make()
      await system.compile('./main.ts')
      await using session = await system.watch({ entries: ['./main.ts'] })
      void session
      const changed = nextEvent<{ changes: ReadonlyMap<string, string> }>((done) =>
        system.on('watch.changed', done),
      )
      await fixture.write('a.ts', 'a = 2')
      await Promise.race([changed, delay(PATIENCE_MS / 3)])
      await fixture.write('b.ts', 'b = 2')
      return (await changed).changes.size
    },
  },
  'loading.watchPollMs': {
    files: { 'main.ts': 'export const value = 1' },
    seen: [
      [0, 'told'],
      [3_600_000, 'not told'],
    ],
    async observe(_value, fixture, make) {
      await using system = make()
      await system.compile('./main.ts')
      await using session = await system.watch({ entries: ['./main.ts'] })
      void session
      const changed = nextEvent((done) => system.on('watch.changed', done))
      await fixture.write('main.ts', 'export const value = 23')
      const told = await Promise.race([changed.then(() => 'told'), delay(PATIENCE_MS)])
      return told ?? 'not told'
    },
  },
  'loading.leakWarnMs': {
    files: { 'main.ts': 'export const keep = () => 1' },
    seen: [
      [0, 0],
      [1, 1],
    ],
    async observe(_value, fixture, make) {
      await using system = make()
      const module = await system.load<{ keep: () => number }>('./main.ts')
      const held = module.exports.keep
      await fixture.write('main.ts', 'export const keep = () => 2')
      const report = await module.reload()
      if ('retired' in report) await report.retired
      for (let round = 0; round < 20 && system.stats().modules.leaked === 0; round += 1) {
        collectGarbage()
        await delay(5)
      }
      return system.stats().modules.leaked * held()
    },
  },
}

/** Resolves with the first payload of an event. */
export function nextEvent<Payload = unknown>(
  subscribe: (done: (payload: Payload) => void) => () => void,
): Promise<Payload> {
  const { promise, resolve } = Promise.withResolvers<Payload>()
  const leave = subscribe((payload) => {
    leave()
    resolve(payload)
  })
  return promise
}

/** A major collection, in a process that was not started for it. */
export function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
}
