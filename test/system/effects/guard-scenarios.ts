import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici'
import { expect } from 'vitest'
import type { GuardEvents } from '../../../src/guard/events.ts'
import type { ModuleSystem } from '../../../src/system/module-system.ts'
import type { Fixture } from '../../support/fixture.ts'
import { asked, ASKING, serve } from './asking.ts'
import type { EventScenario } from './event-scenarios.ts'

const number: unknown = expect.any(Number)
const origin: unknown = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/)
const named = { owner: 'main', dependency: 'payments' }

const fails = (): Promise<never> => Promise.reject(new Error('refused'))

function throws(): never {
  throw new Error('no')
}

async function failed(system: ModuleSystem): Promise<void> {
  await system
    .guard('payments')
    .call(fails, { idempotent: true })
    .catch(() => {})
}

/** Loads a module that asks, and a server that it may ask. */
async function asking(
  system: ModuleSystem,
  fixture: Fixture,
  run: (url: string) => Promise<unknown>,
): Promise<void> {
  await fixture.write('main.ts', ASKING['main.ts'] ?? '')
  await using server = await serve()
  await run(server.origin)
}

/** How the events of guards come about in a real system. */
export const guardScenarios: {
  readonly [Name in keyof GuardEvents]: EventScenario<GuardEvents[Name]>
} = {
  'guard.transition': {
    options: { guard: { breaker: { consecutive: 1, open: { baseMs: 1000, jitter: 0 } } } },
    run: failed,
    payload: {
      ...named,
      ...{ from: 'closed', to: 'open', reason: 'consecutive', generation: 1 },
      ...{ openMs: 1000, attempt: 0 },
      lastFailure: { name: 'Error', code: undefined, message: 'refused', at: number },
    },
  },
  'guard.call': {
    run: failed,
    payload: {
      ...named,
      ...{ outcome: 'failure', slow: false, stale: false, durationMs: number, queuedMs: number },
    },
  },
  'guard.retry': {
    options: { guard: { retry: { max: 1 } } },
    run: failed,
    payload: { ...named, attempt: 1, result: 'sent' },
  },
  'guard.mode': {
    async run(system) {
      await failed(system)
      system.actOnGuards('isolate', ['payments'], 'ada')
    },
    payload: { ...named, mode: 'isolated', by: 'ada' },
  },
  'guard.limit': {
    options: { guard: { bulkhead: { mode: 'gradient2' } } },
    async run(system) {
      const guard = system.guard('payments')
      for (let round = 0; round < 10; round += 1) {
        await Promise.all(Array.from({ length: 20 }, () => guard.call(() => Promise.resolve())))
      }
    },
    payload: { ...named, limit: number },
  },
  'guard.abandoned': {
    options: { guard: { timeoutMs: 5, abandonMs: 5 } },
    async run(system) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const told = new Promise((tell) => system.on('guard.abandoned', tell))
      await system
        .guard('payments')
        .call(() => promise)
        .catch(() => {})
      await told
      resolve()
    },
    payload: named,
  },
  'guard.fault': {
    async run(system) {
      await system
        .guard('payments', { isFailure: throws })
        .call(fails)
        .catch(() => {})
    },
    payload: { ...named, where: 'isFailure', error: expect.any(Error) },
  },
  'guard.bypass': {
    run: (system, fixture) =>
      asking(system, fixture, async (url) => {
        const { port } = new URL(url)
        await fixture.write(
          'main.ts',
          `import { connect } from 'node:net'
export const dialled = new Promise((resolve) => {
  connect(${port}, '127.0.0.1').on('connect', resolve).end()
})`,
        )
        await (
          await system.load<{ dialled: Promise<void> }>('./main.ts')
        ).exports.dialled
      }),
    payload: {
      ...{ owner: 'main.ts', via: 'socket' },
      dependency: expect.stringMatching(/^127\.0\.0\.1:\d+$/),
    },
  },
  'guard.import-stuck': {
    async run(system, fixture) {
      await fixture.write(
        'node_modules/a/package.json',
        '{"name":"a","version":"1.0.0","type":"module"}',
      )
      await fixture.write('node_modules/a/index.js', "import 'b'")
      await fixture.write(
        'node_modules/b/package.json',
        '{"name":"b","version":"1.0.0","type":"module"}',
      )
      await fixture.write('node_modules/b/index.js', 'throw new Error("never")')
      await fixture.write('main.ts', "import 'a'")
      for (let load = 0; load < 3; load += 1) await system.load('./main.ts').catch(() => {})
    },
    payload: {
      ...{ owner: 'main.ts', dependency: 'module:a@1.0.0', specifier: 'a' },
      attempts: number,
    },
  },
  'guard.unsupported': {
    options: { guard: { retry: { max: 1 } } },
    run: (system, fixture) =>
      asking(system, fixture, (url) => asked(system, url, { method: 'PUT', body: 'x' })),
    payload: { owner: 'main.ts', dependency: origin, stage: 'retry', via: 'undici' },
  },
  'guard.edge-replaced': {
    run: (system, fixture) =>
      asking(system, fixture, async (url) => {
        await asked(system, url)
        const before = getGlobalDispatcher()
        const agent = new Agent()
        setGlobalDispatcher(agent)
        await asked(system, url)
        await system.shutdown()
        setGlobalDispatcher(before)
        await agent.close()
      }),
    payload: { via: 'undici' },
  },
  'guard.evicted': {
    options: { guard: { maxGuards: 1 } },
    run: (system, fixture) =>
      asking(system, fixture, async (url) => {
        await asked(system, url)
        await asking(system, fixture, (other) => asked(system, other))
      }),
    payload: { owner: 'main.ts', dependency: origin, reason: 'idle' },
  },
  'guard.registry-full': {
    options: { guard: { maxGuards: 1 } },
    async run(system) {
      await system.guard('payments').call(() => 'what is isolated does not go')
      system.actOnGuards('isolate')
      await system.guard('stock').call(() => 'so the registry grows')
    },
    payload: { size: 1 },
  },
}
