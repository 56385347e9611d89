import { delay, type EffectCases, LONG_MS, SHORT_MS } from './effect-case.ts'
import { asked, ASKING, guardsOf, serve } from './asking.ts'

/** What the settings of guards do to the requests of a loaded module. */
export const guardEdgeEffects: EffectCases = {
  'guard.undeclared': {
    files: ASKING,
    seen: [
      ['guard', 1],
      ['ignore', 0],
    ],
    async observe(_value, _fixture, make) {
      await using server = await serve()
      await using system = make()
      await asked(system, server.origin)
      return guardsOf(system).length
    },
  },
  'guard.maxGuards': {
    files: ASKING,
    seen: [
      [1, 1],
      [2, 2],
    ],
    async observe(_value, _fixture, make) {
      await using one = await serve()
      await using other = await serve()
      await using system = make()
      await asked(system, one.origin)
      await asked(system, other.origin)
      return guardsOf(system).length
    },
  },
  'guard.bodyIdleMs': {
    files: ASKING,
    seen: [
      [1000, ['SOMON_GUARD_TIMEOUT', 1]],
      [LONG_MS, ['still waiting', 0]],
    ],
    async observe(_value, _fixture, make) {
      await using server = await serve((_request, response) => response.write('half an an'))
      await using system = make()
      const answer = asked(system, server.origin)
      const outcome = await Promise.race([answer, delay(2500).then(() => 'still waiting')])
      const guard = system.stats().guards.breakers[`main.ts:${server.origin}`]
      const { failure = 0, timeout = 0 } = guard?.window ?? {}
      return [outcome, failure + timeout]
    },
  },
  'guard.bypass': {
    files: {
      'main.ts': `import { connect } from 'node:net'
export const dial = (port: number) =>
  new Promise((resolve) => connect(port, '127.0.0.1').on('connect', resolve).end())`,
    },
    seen: [
      ['guard', [1, 1]],
      ['report', [1, 0]],
    ],
    async observe(_value, _fixture, make) {
      await using server = await serve()
      await using system = make()
      const told: unknown[] = []
      system.on('guard.bypass', (event) => told.push(event))
      const { port } = new URL(server.origin)
      const module = await system.load<{ readonly dial: (port: number) => Promise<unknown> }>(
        './main.ts',
      )
      await module.use(({ dial }) => dial(Number(port)))
      return [told.length, guardsOf(system).length]
    },
  },
  'guard.dependencies': {
    seen: [
      [{}, 'done'],
      [{ payments: { timeoutMs: SHORT_MS } }, 'SOMON_GUARD_TIMEOUT'],
    ],
    async observe(_value, _fixture, make) {
      await using system = make()
      const call = system.guard('payments').call(() => delay(300))
      return await call.then(
        () => 'done',
        (error: { code: string }) => error.code,
      )
    },
  },
}
