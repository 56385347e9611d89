import type { ModuleSystem } from '../../../src/system/module-system.ts'
import {
  delay,
  type EffectCase,
  type EffectCases,
  gatePlugin,
  LONG_MS,
  outcomeOf,
  SHORT_MS,
  SLOW_MS,
  slowPlugin,
  systemMaker,
  type SystemMaker,
  WITH_DEP,
} from './effect-case.ts'

const DENIED = 'SOMON_RESOLVE_SOURCE_DENIED'

/** What the settings `loading.*` do to loading; watching and limits have tables of their own. */
export const loadingEffects: EffectCases = {
  'loading.externals': {
    files: WITH_DEP,
    seen: [
      [[], []],
      [['dep'], ['dep']],
    ],
    observe: (_value, _fixture, make) => importsOf(make({ loading: { packages: 'bundle' } })),
  },
  'loading.packages': {
    files: WITH_DEP,
    seen: [
      ['external', ['dep']],
      ['bundle', []],
    ],
    observe: (_value, _fixture, make) => importsOf(make()),
  },
  'loading.inline': {
    files: WITH_DEP,
    seen: [
      [[], ['dep']],
      [['dep'], []],
    ],
    observe: (_value, _fixture, make) => importsOf(make()),
  },
  'loading.externalPolicy': {
    files: WITH_DEP,
    seen: [
      ['any', 'done'],
      ['declared', DENIED],
    ],
    observe: (_value, _fixture, make) => loaded(make),
  },
  'loading.allowedSources': {
    files: WITH_DEP,
    seen: [
      [['*'], ['done', 'done', 'done']],
      [['@acme/*'], [DENIED, DENIED, DENIED]],
    ],
    async observe(_value, fixture, make) {
      const asExternal = await loaded(make)
      const bundled = await loaded(make, { loading: { packages: 'bundle' } })
      await fixture.write('main.ts', "import './node_modules/dep/index.js'")
      return [asExternal, bundled, await loaded(make)]
    },
  },
  'loading.conditions': {
    files: WITH_DEP,
    seen: [
      [[], 'default'],
      [['custom'], 'custom'],
    ],
    observe: (_value, _fixture, make) => valueOf(make({ loading: { inline: ['dep'] } })),
  },
  'loading.alias': {
    files: WITH_DEP,
    seen: [
      [{}, 'default'],
      [{ dep: './local.ts' }, 'local'],
    ],
    observe: (_value, _fixture, make) => valueOf(make()),
  },
  'loading.tsconfig': {
    files: {
      'tsconfig.json': '{"compilerOptions":{"paths":{"@lib":["./a.ts"]}}}',
      'other.json': '{"compilerOptions":{"paths":{"@lib":["./b.ts"]}}}',
      'main.ts': "export { value } from '@lib'",
      'a.ts': 'export const value = "a"',
      'b.ts': 'export const value = "b"',
    },
    seen: [
      [null, 'a'],
      ['other.json', 'b'],
    ],
    observe: (_value, _fixture, make) => valueOf(make()),
  },
  'loading.sourceMaps': {
    files: {
      'main.ts': `interface A {\n  a: 1\n}\nexport const a: A = { a: 1 }\nthrow new Error('x')\n`,
      'good.ts': 'export const value: number = 1',
    },
    seen: [
      ['none', { mapped: false, stored: false }],
      ['lazy', { mapped: true, stored: false }],
      ['eager', { mapped: true, stored: true }],
    ],
    async observe(_value, _fixture, make) {
      await using system = make()
      await system.compile('./good.ts')
      const stored = system.stats().cache.parts.maps > 0
      const error: unknown = await system.load('./main.ts').catch((thrown: unknown) => thrown)
      const stack = error instanceof Error ? `${error.stack} ${String(error.cause)}` : ''
      const cause = error instanceof Error && error.cause instanceof Error ? error.cause.stack : ''
      return { mapped: `${stack}${cause}`.includes('main.ts:5:'), stored }
    },
  },
  'loading.ledger': {
    files: { 'main.ts': 'setInterval(() => {}, 1e6)\nexport const value = 1' },
    seen: [
      ['dispose', { swept: { timer: 1 }, left: {} }],
      ['report', { swept: {}, left: { timer: 1 } }],
      ['off', { swept: {}, left: {} }],
    ],
    async observe(_value, fixture, make) {
      await using system = make()
      const module = await system.load('./main.ts')
      await fixture.write('main.ts', 'export const value = 2')
      const report = await module.reload()
      if (!('retired' in report)) return report
      const { swept, left } = await report.retired
      return { swept, left }
    },
  },
  plugins: {
    files: { 'main.ts': 'export const value = "plain"' },
    seen: [
      [[], 'plain'],
      [[replacing('plugged')], 'plugged'],
    ],
    observe: (_value, _fixture, make) => valueOf(make()),
  },
  root: {
    files: { 'one/main.ts': 'export const value = "one"', 'two/main.ts': 'export const value = 2' },
    seen: [
      ['one', 'one'],
      ['two', 2],
    ],
    observe: (value, fixture) =>
      valueOf(systemMaker(fixture, 'root', fixture.path(String(value)))()),
  },
  'loading.maxConcurrentBuilds': concurrency(
    [1, { building: 1, queued: 1 }],
    [2, { building: 2, queued: 0 }],
  ),
  'loading.maxQueued': {
    files: { 'a.ts': 'export const value = 1', 'b.ts': 'export const value = 2' },
    seen: [
      [0, ['done', 'SOMON_LOAD_QUEUE_FULL']],
      [1, ['done', 'done']],
    ],
    async observe(_value, _fixture, make) {
      const { plugin, open } = gatePlugin()
      await using system = make({ plugins: [plugin], loading: { maxConcurrentBuilds: 1 } })
      const first = outcomeOf(system.load('./a.ts'))
      await until(() => system.stats().loads.building === 1)
      const second = outcomeOf(system.load('./b.ts'))
      const rejected = await Promise.race([second, delay(50)])
      open()
      return [await first, rejected ?? (await second)]
    },
  },
  'loading.timeoutMs': limited('SOMON_MODULE_LOAD_TIMEOUT', (make) =>
    loaded(make, { plugins: [slowPlugin('transform')] }),
  ),
  'loading.hookTimeoutMs': limited('SOMON_BUNDLE_PLUGIN_TIMEOUT', (make) =>
    loaded(make, { plugins: [slowPlugin('beforeLoad')] }),
  ),
  'loading.verifyTimeoutMs': limited('SOMON_MODULE_VERIFY_TIMEOUT', (make) =>
    loaded(make, { plugins: [slowPlugin('verify')] }),
  ),
  'loading.evaluateTimeoutMs': {
    files: { 'main.ts': `await new Promise((resolve) => setTimeout(resolve, ${SLOW_MS}))` },
    seen: [
      [SHORT_MS, 'SOMON_EVALUATE_TIMEOUT'],
      [LONG_MS, 'done'],
    ],
    observe: (_value, _fixture, make) => loaded(make),
  },
  'loading.drainTimeoutMs': {
    files: { 'main.ts': 'export const value = 1' },
    seen: [
      [SHORT_MS, false],
      [LONG_MS, true],
    ],
    async observe(_value, fixture, make) {
      await using system = make()
      const module = await system.load('./main.ts')
      const used = module.use(() => delay(SLOW_MS))
      await fixture.write('main.ts', 'export const value = 2')
      const report = await module.reload()
      await used
      return 'retired' in report && (await report.retired).drained
    },
  },
}

async function importsOf(made: ModuleSystem): Promise<readonly string[]> {
  await using system = made
  return (await system.compile('./main.ts')).deps.map(({ spec }) => spec)
}

async function valueOf(made: ModuleSystem): Promise<unknown> {
  await using system = made
  return (await system.load<{ value: unknown }>('./main.ts')).exports.value
}

async function loaded(make: SystemMaker, more: Parameters<SystemMaker>[0] = {}): Promise<string> {
  await using system = make(more)
  return await outcomeOf(system.load('./main.ts'))
}

function limited(code: string, observe: (make: SystemMaker) => Promise<string>): EffectCase {
  return {
    files: { 'main.ts': 'export const value = 1' },
    seen: [
      [SHORT_MS, code],
      [LONG_MS, 'done'],
    ],
    observe: (_value, _fixture, make) => observe(make),
  }
}

function concurrency(...seen: EffectCase['seen']): EffectCase {
  return {
    files: { 'a.ts': 'export const value = 1', 'b.ts': 'export const value = 2' },
    seen,
    async observe(_value, _fixture, make) {
      const { plugin, open } = gatePlugin()
      await using system = make({ plugins: [plugin] })
      const first = system.load('./a.ts')
      await until(() => system.stats().loads.building === 1)
      const second = system.load('./b.ts')
      await until(() => {
        const { building, queued } = system.stats().loads
        return building + queued === 2
      })
      await delay(20)
      const { building, queued } = system.stats().loads
      open()
      await Promise.all([first, second])
      return { building, queued }
    },
  }
}

/** Resolves once something is so; the test's own time limit ends it otherwise. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await delay(2)
}

function replacing(text: string): object {
  return {
    name: 'replacing',
    cacheKey: '1',
    transform: (code: string) => ({ code: code.replace('plain', text) }),
  }
}
