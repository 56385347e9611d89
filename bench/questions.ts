import type { Question } from './harness/question.ts'
import { bundleCli } from './questions/bundle-cli.ts'
import { bundleCliRepeat } from './questions/bundle-cli-repeat.ts'
import { coldLoad } from './questions/cold-load.ts'
import { diskStart } from './questions/disk-start.ts'
import { firstLoad } from './questions/first-load.ts'
import { guardCall } from './questions/guard-call.ts'
import { guardFailure } from './questions/guard-failure.ts'
import { guardIdle } from './questions/guard-idle.ts'
import { guardOpen } from './questions/guard-open.ts'
import { moduleMemory } from './questions/module-memory.ts'
import { reload } from './questions/reload.ts'
import { retention } from './questions/retention.ts'
import { singleFlight } from './questions/single-flight.ts'
import { start } from './questions/start.ts'
import { warmLoad } from './questions/warm-load.ts'

/** Every question, in the order of the report. */
export const questions: readonly Question[] = [
  bundleCli,
  bundleCliRepeat,
  start,
  coldLoad,
  firstLoad,
  diskStart,
  warmLoad,
  reload,
  retention,
  moduleMemory,
  singleFlight,
  guardCall,
  guardFailure,
  guardOpen,
  guardIdle,
]
