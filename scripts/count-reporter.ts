import type { Reporter, TestModule } from 'vitest/node'

/** Prints the plain closing line `N passed, N failed, N skipped` that the gate ends with. */
export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const counts = { passed: 0, failed: errors.length, skipped: 0 }
    for (const module of modules) {
      let tests = 0
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        tests += 1
        if (state !== 'pending') counts[state] += 1
      }
      // A file that could not be collected has no tests of its own, yet it failed.
      if (module.errors().length > 0 && tests === 0) counts.failed += 1
    }
    console.log(`\n${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`)
  }
}
