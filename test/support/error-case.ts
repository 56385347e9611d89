import type { SomonError } from '../../src/base/error.ts'
import type { Fixture } from './fixture.ts'

/**
 * One case of the error catalogue: `fixtures/errors/<CODE>/case.ts` exports it as `errorCase`.
 *
 * The runner calls it in an empty folder, expects exactly `<CODE>`, and compares message, fix and
 * frame (folder written as `<root>`) with `expected.txt` beside it.
 */
export interface ErrorCase {
  /** What a user did to get here, in one line; printed in the reference. */
  readonly story: string
  /** Throws the error, or returns it. */
  provoke(fixture: Fixture): Promise<SomonError | void>
}
