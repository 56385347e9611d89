import { defineConfig } from 'vitest/config'

const CONDITION = 'somon-source'

export default defineConfig({
  resolve: { conditions: [CONDITION] },
  ssr: { resolve: { conditions: [CONDITION, 'node'] } },
  test: {
    include: ['test/**/*.test.ts', 'plugins/*/test/**/*.test.ts'],
    exclude: ['test/soak/**'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    execArgv: [`--conditions=${CONDITION}`],
    reporters: ['default', './scripts/count-reporter.ts'],
    coverage: { provider: 'v8', include: ['src/**', 'plugins/*/src/**'] },
  },
})
