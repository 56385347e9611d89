import { describe, expect, test } from 'vitest'
import { SomonError } from '../../src/base/error.ts'
import { EventHub } from '../../src/base/events.ts'
import type { PluginEvents } from '../../src/bundle/events.ts'
import type { FusedPlugin, RuntimeHooks, SomonPlugin } from '../../src/bundle/plugin.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { createHost } from './plugin-build.ts'

const generation = { module: 'a.ts', number: 1, artifact: 'x' }
const artifact = { id: 'x', entry: 'a.ts', codeBytes: 1, inputs: [], warnings: [] }
const event = { entry: 'a.ts', kind: 'load' } as const
const { signal } = new AbortController()

function hooked(name: string, somon: RuntimeHooks): FusedPlugin {
  return { name, somon }
}

function bang(): never {
  throw new Error('bang')
}

function translateAbort(_ns: unknown, _generation: unknown, inner: AbortSignal): Promise<void> {
  const { promise, reject } = Promise.withResolvers<void>()
  inner.addEventListener('abort', () => reject(new Error('translated')))
  return promise
}

const hang = (): Promise<void> => new Promise(() => {})

describe('runtime hooks', () => {
  test('run plugin after plugin in order, with the guard', async () => {
    const log: string[] = []
    const logging = (name: string): FusedPlugin =>
      hooked(name, {
        async beforeLoad({ entry, kind }) {
          await new Promise(setImmediate)
          log.push(await this.guard('dep', () => `${name} ${entry} ${kind}`))
        },
        built: ({ id }) => void log.push(`${name} built ${id}`),
        instantiate: (meta, { number }) => void (meta[name] = number),
        verify: (namespace) => void log.push(`${name} verify ${String(namespace.x)}`),
        retire: ({ number }) => void log.push(`${name} retire ${number}`),
      })
    const host = createHost('/', [logging('a'), { ...logging('b'), enforce: 'pre' }])
    const meta: Record<string, unknown> = {}

    await host.beforeLoad(event)
    host.built(artifact)
    host.instantiate(meta, generation)
    await host.verify({ x: 1 }, generation, signal)
    await host.retire(generation)

    expect(log).toEqual([
      'b a.ts load',
      'a a.ts load',
      'b built x',
      'a built x',
      'b verify 1',
      'a verify 1',
      'b retire 1',
      'a retire 1',
    ])
    expect(meta).toEqual({ a: 1, b: 1 })
    expect(host.stats().map(({ calls }) => calls)).toEqual([5, 5])
    expect(host.active).toBe(false)
  })

  test('tell whether anybody verifies', () => {
    expect(createHost('/', [hooked('a', { verify: () => {} })]).verifies).toBe(true)
    expect(createHost('/', [hooked('a', { built: () => {} })]).verifies).toBe(false)
  })

  test('let a coded refusal of beforeLoad through and name the plugin of any other', async () => {
    const refusal = new SomonError('MY_POLICY', 'no', 'ask')

    const coded = createHost('/', [hooked('a', { beforeLoad: () => Promise.reject(refusal) })])
    const plain = createHost('/', [
      hooked('a', { beforeLoad: () => Promise.reject(new Error('no')) }),
    ])

    await expect(coded.beforeLoad(event)).rejects.toBe(refusal)
    await expect(plain.beforeLoad(event)).rejects.toMatchObject({
      code: 'SOMON_BUNDLE_PLUGIN_FAILED',
      data: { plugin: 'a', hook: 'beforeLoad', subject: 'a.ts', reason: 'no' },
    })
  })

  test.each(['beforeLoad', 'verify', 'retire'] as const)(
    'end at the deadline: %s',
    async (hook) => {
      const clock = new FakeClock()
      const host = createHost('/', [hooked('slow', { [hook]: hang })], { clock, hookTimeoutMs: 50 })
      const calls = {
        beforeLoad: () => host.beforeLoad(event),
        verify: () => host.verify({}, generation, signal),
        retire: () => host.retire(generation),
      }

      const failing = calls[hook]().catch((error: unknown) => error)
      await clock.advance(50)

      expect(await failing).toMatchObject({
        code: 'SOMON_BUNDLE_PLUGIN_TIMEOUT',
        data: { plugin: 'slow', hook, timeoutMs: 50 },
      })
    },
  )

  test('give verify a signal that aborts with the caller and at the deadline', async () => {
    const clock = new FakeClock()
    const seen: AbortSignal[] = []
    const waiting = (_ns: unknown, _generation: unknown, inner: AbortSignal): Promise<void> => {
      seen.push(inner)
      return new Promise(() => {})
    }
    const host = createHost('/', [hooked('slow', { verify: waiting })], {
      clock,
      hookTimeoutMs: 50,
    })
    const caller = new AbortController()

    const first = host.verify({}, generation, caller.signal)
    caller.abort(new Error('left'))
    const second = host.verify({}, generation, signal).catch(() => {})
    await expect(first).rejects.toThrow(/^left$/)
    await clock.advance(50)
    await second

    expect(seen.map((one) => one.aborted)).toEqual([true, true])
    expect(host.stats()).toMatchObject([{ calls: 2, errors: 1 }])
  })

  test('throw the reason of an abort whatever verify makes of it, and count no error', async () => {
    const host = createHost('/', [hooked('a', { verify: translateAbort })])
    const caller = new AbortController()
    const reason = new Error('left')

    const verifying = host.verify({}, generation, caller.signal)
    caller.abort(reason)

    await expect(verifying).rejects.toBe(reason)
    expect(host.stats()).toMatchObject([{ calls: 1, errors: 0 }])
  })

  test('run every retire hook and throw the first failure', async () => {
    const ran: string[] = []
    const events = new EventHub<PluginEvents>()
    const told: string[] = []
    events.on('plugin.failed', ({ plugin, hook }) => void told.push(`${plugin} ${hook}`))
    const failing = (name: string): SomonPlugin =>
      hooked(name, {
        retire() {
          ran.push(name)
          throw new Error(name)
        },
      })
    const host = createHost('/', [failing('a'), failing('b')], { events })

    await expect(host.retire(generation)).rejects.toMatchObject({ data: { plugin: 'a' } })

    expect(ran).toEqual(['a', 'b'])
    expect(told).toEqual(['a retire', 'b retire'])
  })

  test('turn failures of built and watchChange into events', async () => {
    const events = new EventHub<PluginEvents>()
    const told: string[] = []
    events.on(
      'plugin.failed',
      ({ plugin, hook, error }) => void told.push(`${plugin} ${hook} ${error.code}`),
    )
    const seen: unknown[] = []
    const host = createHost(
      '/root',
      [
        { name: 'a', somon: { built: bang }, watchChange: bang },
        { name: 'b', watchChange: async () => bang() },
        { name: 'c', watchChange: (file, change) => void seen.push([file, change]) },
      ],
      { events },
    )

    host.built(artifact)
    host.watchChange('/root/x.ts', 'delete')
    await new Promise(setImmediate)

    const failed = 'SOMON_BUNDLE_PLUGIN_FAILED'
    expect(told).toEqual([
      `a built ${failed}`,
      `a watchChange ${failed}`,
      `b watchChange ${failed}`,
    ])
    expect(seen).toEqual([['/root/x.ts', { event: 'delete' }]])
  })

  test('fail the generation when instantiate throws', () => {
    const host = createHost('/', [
      hooked('a', {
        instantiate() {
          throw new Error('no')
        },
      }),
    ])

    expect(() => host.instantiate({}, generation)).toThrow(
      'plugin "a": its hook "instantiate" failed',
    )
  })
})
