import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** What `npm run mutation` runs for each change of the code: the tests of guards, and nothing slow. */
export default defineConfig({
  ...base,
  test: {
    ...base.test,
    include: ['test/guard/*.test.ts'],
    exclude: ['test/guard/{fault,breaker-leak,dependency-guard-leak,opossum-contract}*.test.ts'],
    env: { SOMON_TEST_GUARD_LIVES: '100' },
    setupFiles: ['test/support/short-properties.ts'],
    reporters: ['default'],
    testTimeout: 5000,
    // A process for each file and each mutant would take ten times as long.
    isolate: false,
  },
})
