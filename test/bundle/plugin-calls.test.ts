import { type Plugin } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { SomonError } from '../../src/base/error.ts'
import type { Guard } from '../../src/base/guard.ts'
import type { FusedPlugin, SomonPlugin } from '../../src/bundle/plugin.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { createFixture } from '../support/fixture.ts'
import { buildWith, createHost, failureOf, words } from './plugin-build.ts'

const bang = (): never => {
  throw new TypeError('bang')
}

const raw = (setup: Plugin['setup']): Plugin => ({ name: 'guilty', setup })

const hang = (): Promise<never> => new Promise(() => {})

describe('failing hooks', () => {
  const all = { filter: /.*/ }
  const cases: readonly [string, SomonPlugin][] = [
    ['resolveId', { name: 'guilty', resolveId: bang }],
    ['load', { name: 'guilty', load: bang }],
    ['transform', { name: 'guilty', transform: bang }],
    ['buildStart', { name: 'guilty', buildStart: bang }],
    ['buildEnd', { name: 'guilty', buildEnd: bang }],
    ['setup', raw(bang)],
    ['onStart', raw((esbuild) => esbuild.onStart(bang))],
    ['onEnd', raw((esbuild) => esbuild.onEnd(bang))],
    ['onResolve', raw((esbuild) => esbuild.onResolve(all, bang))],
    ['onLoad', raw((esbuild) => esbuild.onLoad(all, bang))],
  ]
  /** esbuild 0.28 loses the `detail` of errors from onEnd: only text and name arrive. */
  const AT_THE_END = new Set(['buildEnd', 'onEnd'])
  const innocent: FusedPlugin = {
    name: 'innocent',
    transform: () => undefined,
    resolveId: () => null,
  }

  test.each(cases)('name plugin and hook when it throws: %s', async (hook, guilty) => {
    await using fixture = await createFixture(words)
    const host = createHost(fixture.root, [innocent, guilty])

    const { error, message } = await failureOf(buildWith(fixture, [], { host }))

    expect(error).toMatchObject(
      AT_THE_END.has(hook)
        ? {}
        : {
            code: 'SOMON_BUNDLE_PLUGIN_FAILED',
            data: { plugin: 'guilty', hook, reason: 'bang' },
            cause: { name: 'TypeError' },
          },
    )
    expect(message.pluginName).toBe('guilty')
    expect(message.text).toMatch(`Cannot run plugin "guilty": its hook "${hook}" failed`)
    const stats = host.stats().find((one) => one.name === 'guilty')
    expect(stats?.errors).toBeGreaterThanOrEqual(1)
  })

  const hanging: readonly [string, SomonPlugin][] = [
    ['resolveId', { name: 'slow', resolveId: hang }],
    ['load', { name: 'slow', load: hang }],
    ['transform', { name: 'slow', transform: hang }],
    ['buildStart', { name: 'slow', buildStart: hang }],
    ['buildEnd', { name: 'slow', buildEnd: hang }],
    ['setup', { name: 'slow', setup: hang }],
    ['onStart', { name: 'slow', setup: (esbuild) => esbuild.onStart(hang) }],
    ['onEnd', { name: 'slow', setup: (esbuild) => esbuild.onEnd(hang) }],
    ['onResolve', { name: 'slow', setup: (esbuild) => esbuild.onResolve(all, hang) }],
    ['onLoad', { name: 'slow', setup: (esbuild) => esbuild.onLoad(all, hang) }],
  ]
  test.each(hanging)('end at the deadline when it hangs: %s', async (hook, slow) => {
    await using fixture = await createFixture({ 'entry.ts': 'export {}' })
    const clock = new FakeClock()
    const host = createHost(fixture.root, [slow], { clock, hookTimeoutMs: 5000 })

    const failing = failureOf(buildWith(fixture, [], { host }))
    const turns = { left: true }
    void failing.finally(() => (turns.left = false))
    while (turns.left) await clock.advance(5000)

    const { error, message } = await failing
    expect(error).toMatchObject(
      AT_THE_END.has(hook)
        ? {}
        : { code: 'SOMON_BUNDLE_PLUGIN_TIMEOUT', data: { plugin: 'slow', hook, timeoutMs: 5000 } },
    )
    expect(message.text).toMatch(`Cannot run plugin "slow": its hook "${hook}" did not finish`)
    expect(message.pluginName).toBe('slow')
    expect(clock.pending).toBe(0)
  })

  test('keep code, fix, position and frame of this.error()', async () => {
    await using fixture = await createFixture({
      'entry.ts': `import './a.foo'`,
      'a.foo': 'ok\n\tä bad',
    })
    const plugin: FusedPlugin = {
      name: 'foo',
      transform: {
        filter: { id: '**/*.foo' },
        handler() {
          this.error({
            message: 'Cannot read it',
            code: 'MY_CODE',
            fix: 'Write it',
            loc: { line: 2, column: 3 },
          })
        },
      },
    }

    const { error, message } = await failureOf(buildWith(fixture, [plugin]))

    expect(error).toMatchObject({ code: 'MY_CODE', message: 'Cannot read it', fix: 'Write it' })
    expect(error?.location).toEqual({ file: 'a.foo', line: 2, column: 4 })
    expect(error?.frame).toBe('  1 | ok\n> 2 | \tä bad\n    | \t  ^')
    expect(error?.data).toEqual({ plugin: 'foo', hook: 'transform', subject: 'a.foo' })
    expect(message.location).toMatchObject({
      file: 'a.foo',
      line: 2,
      column: 4,
      lineText: '\tä bad',
    })
  })

  test('keep a coded error that is thrown', async () => {
    await using fixture = await createFixture(words)
    const own = new SomonError(
      'SOMON_GUARD_OPEN',
      'Cannot call "x": open',
      'wait',
      {},
      { retryable: true },
    )

    const { error } = await failureOf(
      buildWith(fixture, [{ name: 'x', load: () => Promise.reject(own) }]),
    )

    expect(error).toBe(own)
  })

  test('show the error of the reader', async () => {
    await using fixture = await createFixture({ 'entry.ts': `import './gone.ts'` })
    const gone: FusedPlugin = {
      name: 'gone',
      resolveId: (id) => (id === './gone.ts' ? fixture.path('gone.ts') : undefined),
    }

    const { message } = await failureOf(buildWith(fixture, [gone]))

    expect(message.text).toBe('"gone.ts" is gone since it was found')
  })
})

describe('this.guard', () => {
  test('is the guard of the system and carries the deadline of the hook', async () => {
    await using fixture = await createFixture({ 'entry.ts': 'export {}' })
    const clock = new FakeClock()
    const called: string[] = []
    let signal: AbortSignal | undefined
    const guard: Guard = async (dependency, task, call) => {
      called.push(dependency)
      signal = call?.signal
      return task(call?.signal ?? AbortSignal.any([]))
    }
    const plugin: FusedPlugin = {
      name: 'net',
      load() {
        return this.guard('https://host.test', () => new Promise<string>(() => {}))
      },
    }
    const host = createHost(fixture.root, [plugin], { clock, guard, hookTimeoutMs: 100 })

    const failing = failureOf(buildWith(fixture, [], { host }))
    while (called.length === 0) await new Promise(setImmediate)
    const abortedBefore = signal?.aborted
    await clock.advance(100)
    await failing

    expect(called).toEqual(['https://host.test'])
    expect(abortedBefore).toBe(false)
    expect(signal?.aborted).toBe(true)
  })
})
