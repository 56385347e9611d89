import type { DependencySettings, GuardSettings, StageSettings } from './guard-settings.ts'
import {
  boolean,
  choice,
  dependencies,
  duration,
  idle,
  integer,
  list,
  MAX_TIMER_MS,
  number,
  share,
  text,
  timeout,
  type Kind,
} from './kinds.ts'
import { row, type Spec } from './setting-spec.ts'
import type { PathsOf, SettingValue } from './settings.ts'

const DAY_MS = 86_400e3

/** The settings of the stages, which every dependency may have for itself. */
export const stageSpecs: {
  readonly [Path in PathsOf<StageSettings>]: Spec<SettingValue<Path, StageSettings>>
} = {
  'breaker.consecutive': row(integer(0, 1e9), {
    live: true,
    default: 5,
    env: ['SOMON_CIRCUIT_BREAKER_FAILURE_THRESHOLD'],
    aliases: ['failureThreshold'],
    doc: 'Failures in a row that open a circuit; 0 switches the rule off.',
  }),
  'breaker.failureRate': row(share(), {
    live: true,
    default: 0.5,
    doc: 'Share of failed calls in the window that opens a circuit.',
  }),
  'breaker.minCalls': row(integer(1, 1e9), {
    live: true,
    default: 20,
    doc: 'How many calls the window must hold before a rate opens a circuit.',
  }),
  'breaker.slowCallMs': row(duration(0, MAX_TIMER_MS), {
    live: true,
    default: 0,
    doc: 'From this duration on a call counts as slow; 0 switches the rule off.',
  }),
  'breaker.slowRate': row(share(), {
    live: true,
    default: 0.8,
    doc: 'Share of slow calls in the window that opens a circuit.',
  }),
  'breaker.windowMs': row(duration(100, DAY_MS), {
    live: true,
    default: 10_000,
    doc: 'How far back calls count.',
  }),
  'breaker.buckets': row(integer(1, 1_000), {
    live: true,
    default: 10,
    doc: 'Into how many parts the window is cut; calls leave it part by part.',
  }),
  'breaker.recoveryMs': row(duration(1_000, MAX_TIMER_MS), {
    live: true,
    default: 30_000,
    env: ['SOMON_CIRCUIT_BREAKER_TIMEOUT'],
    aliases: ['recoveryTimeout'],
    doc: 'Within this time after a dependency is well again its circuit is closed.',
  }),
  'breaker.open.baseMs': row(duration(1, MAX_TIMER_MS), {
    live: true,
    default: 5_000,
    env: ['SOMON_CIRCUIT_BREAKER_RETRY_DELAY'],
    aliases: ['retryDelay'],
    doc: 'How long a circuit stays open the first time.',
  }),
  'breaker.open.factor': row(number(1, 100), {
    live: true,
    default: 2,
    doc: 'By what each further open time in a row is multiplied.',
  }),
  'breaker.open.jitter': row(number(0, 1), {
    live: true,
    default: 0.2,
    doc: 'Which share of an open time may be taken off at random.',
  }),
  'breaker.halfOpen.probes': row(integer(1, 1_000), {
    live: true,
    default: 3,
    doc: 'How many calls may try a half-open circuit at once.',
  }),
  'breaker.halfOpen.successes': row(integer(1, 1_000), {
    live: true,
    default: 2,
    doc: 'How many successful probes close a circuit.',
  }),
  'breaker.halfOpen.maxMs': row(duration(1, MAX_TIMER_MS), {
    live: true,
    default: 5_000,
    doc: 'How long a probe may take before it counts as failed; at most a sixth of recoveryMs.',
  }),
  timeoutMs: row(timeout(), {
    live: true,
    default: 10_000,
    doc: 'One attempt of a guarded call; 0 means no limit.',
  }),
  bodyIdleMs: row(idle(), {
    live: true,
    default: 30_000,
    doc: 'How long the body of an answer may be silent; 0 means no limit.',
  }),
  abandonMs: row(duration(0, MAX_TIMER_MS), {
    live: true,
    default: 5_000,
    doc: 'How long a call that ignores its abort keeps its place in the bulkhead.',
  }),
  'bulkhead.mode': row(choice('fixed', 'gradient2', 'off'), {
    live: true,
    default: 'fixed',
    doc: 'Whether as many calls run at once as max says, as latencies show to be good, or any number.',
  }),
  'bulkhead.max': row(integer(1, 1e6), {
    live: true,
    default: 64,
    doc: 'How many calls of one dependency run at once.',
  }),
  'bulkhead.queue': row(integer(0, 1e6), {
    live: true,
    default: 128,
    doc: 'How many calls of one dependency wait for a place.',
  }),
  'bulkhead.queueTimeoutMs': row(duration(0, MAX_TIMER_MS), {
    live: true,
    default: 500,
    doc: 'How long a call waits for a place.',
  }),
  'rate.perSecond': row(number(0, 1e6), {
    live: true,
    default: 0,
    doc: 'How many calls of one dependency start per second; 0 switches the stage off.',
  }),
  'rate.burst': row(integer(0, 1e6), {
    live: true,
    default: 0,
    doc: 'How many may start at once after a pause; 0 means as many as perSecond.',
  }),
  'rate.waitMs': row(duration(0, MAX_TIMER_MS), {
    live: true,
    default: 0,
    doc: 'How long a call may wait for its turn.',
  }),
  'retry.max': row(integer(0, 100), {
    live: true,
    default: 0,
    doc: 'Further attempts of one idempotent call; 0 switches the stage off.',
  }),
  'retry.budget': row(number(0, 100), {
    live: true,
    default: 0.2,
    doc: 'What each first attempt adds to the budget that further attempts are paid from.',
  }),
  'retry.minPerSecond': row(number(0, 1e6), {
    live: true,
    default: 1,
    doc: 'Further attempts per second that need no budget.',
  }),
}

/** The settings `guard.*`: those of the stages, and those that all guards share. */
export const guardSpecs: {
  readonly [Path in PathsOf<GuardSettings> as `guard.${Path}`]: Spec<
    SettingValue<Path, GuardSettings>
  >
} = {
  'guard.enabled': row(boolean(), {
    live: true,
    default: true,
    aliases: ['circuitBreakers', 'features.circuitBreaker'],
    doc: 'Whether calls of loaded modules to what can fail are guarded; false watches nothing.',
  }),
  ...prefixed(stageSpecs),
  'guard.undeclared': row(choice('guard', 'ignore'), {
    live: true,
    default: 'guard',
    doc: 'Whether calls to what no dependency declares are guarded or pass.',
  }),
  'guard.bypass': row(choice('guard', 'report'), {
    live: true,
    default: 'guard',
    doc: 'Whether a connection made past the guards is guarded itself, or only reported.',
  }),
  'guard.maxGuards': row(integer(1, 1e6), {
    live: true,
    default: 1_000,
    doc: 'How many guards are kept; idle ones go first.',
  }),
  'guard.dependencies': row(dependencies(), {
    live: true,
    default: {},
    doc: 'Dependencies by name, each with what belongs to it and the settings in which it differs.',
  }),
}

/** What one dependency has beside the settings of the stages. */
export const dependencySpecs: {
  readonly [Path in OwnPath]: Spec<OwnValue<Path> | null>
} = {
  kind: own(choice('http', 'tcp', 'module', 'custom'), {
    doc: 'What kind of target it is; "custom" for what is called through guard(name) only.',
  }),
  match: own(list('origins, addresses or package names'), {
    doc: 'What belongs to it: origins such as "https://*.pay.example", addresses such as "db:5432", or package names.',
  }),
  key: own(choice('origin', 'origin+route'), {
    doc: 'One guard for each origin, or for each entry of routes too.',
  }),
  routes: own(list('routes such as "GET /v1/charges/:id"'), {
    doc: 'Routes with a guard of their own; calls of all others share one.',
  }),
  functions: own(list('names of exports'), {
    // What has been bound stays bound, and what was bundled is no import any more.
    live: false,
    doc: 'Exports of a package whose calls are guarded; fixed when a system is made.',
  }),
  mode: own(choice('auto', 'isolated', 'disabled'), {
    doc: '"isolated" refuses every call, "disabled" admits every call and never opens.',
  }),
  'probe.path': own(text('a path such as "/health"'), {
    doc: 'What a half-open circuit requests by itself.',
  }),
  ignore: own(list('codes of errors'), {
    doc: 'Codes of errors that say nothing about the dependency.',
  }),
}

type OwnPath = PathsOf<Omit<Complete<DependencySettings>, keyof StageSettings>>

type OwnValue<Path extends string> = SettingValue<Path, Complete<DependencySettings>>

type Complete<Value> = Value extends readonly unknown[] | string | number | boolean
  ? Value
  : { readonly [Key in keyof Value]-?: Complete<NonNullable<Value[Key]>> }

/** A dependency that does not say it has none of it. */
function own<Value>(
  kind: Kind<Value>,
  { doc, live = true }: { readonly doc: string; readonly live?: boolean },
): Spec<Value | null> {
  return row<Value | null>(kind, { live, default: null, defaultText: 'none', doc })
}

function prefixed<Specs extends object>(
  specs: Specs,
): { readonly [Path in keyof Specs & string as `guard.${Path}`]: Specs[Path] } {
  const entries = Object.entries(specs).map(([path, spec]) => [`guard.${path}`, spec])
  return Object.fromEntries(entries) as {
    readonly [Path in keyof Specs & string as `guard.${Path}`]: Specs[Path]
  }
}
