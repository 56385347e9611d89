import { defineConfig } from 'vitest/config'
import base from './vitest.config.ts'

/** What takes longer than the gate allows: run by hand before a release. */
export default defineConfig({
  ...base,
  test: { ...base.test, include: ['test/soak/**/*.test.ts'], exclude: [], testTimeout: 3_600_000 },
})
