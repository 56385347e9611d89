import type { ImportGuard, ImportGuards } from '../../../src/evaluate/import-guard.ts'

/** Guards of which a test gives what it looks at; the rest lets everything pass. */
export function importGuards(
  guard: Partial<ImportGuard>,
  guards: Partial<ImportGuards> = {},
): ImportGuards {
  const whole: ImportGuard = {
    run: (load) => load(new AbortController().signal),
    runSync: (load) => load(),
    recovered: () => {},
    stuck: () => {},
    ...guard,
  }
  return {
    guardOf: () => whole,
    facadeOf: (_owner, _external, namespace) => namespace,
    ...guards,
  }
}
