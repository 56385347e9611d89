/** What the stages of one guard do. */
export interface StageSettings {
  /** When a circuit opens, for how long, and how it closes again. */
  readonly breaker: {
    /** Failures in a row that open; 0 switches the rule off. */
    readonly consecutive: number
    /** Share of failed calls that opens; above 0, at most 1. */
    readonly failureRate: number
    /** How many calls the window must hold before a rate counts. */
    readonly minCalls: number
    /** From this duration on a call counts as slow; 0 switches the rule off. */
    readonly slowCallMs: number
    /** Share of slow calls that opens; above 0, at most 1. */
    readonly slowRate: number
    /** How far back calls count. */
    readonly windowMs: number
    /** Into how many parts the window is cut. */
    readonly buckets: number
    /** Within this time after the dependency is well again its circuit is closed. */
    readonly recoveryMs: number
    readonly open: {
      /** The first open time. */
      readonly baseMs: number
      /** By what each further open time in a row is multiplied. */
      readonly factor: number
      /** Which share of it may be taken off at random; 0 to 1. */
      readonly jitter: number
    }
    readonly halfOpen: {
      /** How many probes run at once. */
      readonly probes: number
      /** How many successful ones close the circuit. */
      readonly successes: number
      /** How long a probe may take before it counts as failed. */
      readonly maxMs: number
    }
  }
  /** How long one attempt may take; 0 means no limit. */
  readonly timeoutMs: number
  /** How long the body of an answer may be silent; 0 means no limit. */
  readonly bodyIdleMs: number
  /** How long a task that ignores its abort keeps its place. */
  readonly abandonMs: number
  /** How many calls run at once, and how many wait for how long. */
  readonly bulkhead: {
    /** `gradient2` finds the number from latencies, up to `max`. */
    readonly mode: 'fixed' | 'gradient2' | 'off'
    readonly max: number
    readonly queue: number
    readonly queueTimeoutMs: number
  }
  /** How many calls start per second; 0 switches the stage off. */
  readonly rate: {
    readonly perSecond: number
    /** How many may start at once after a pause; 0 means as many as `perSecond`. */
    readonly burst: number
    /** How long a call may wait for its turn. */
    readonly waitMs: number
  }
  /** How often a failed call is tried again, and from what budget. */
  readonly retry: {
    /** Further attempts of one call; 0 switches the stage off. */
    readonly max: number
    /** What a first attempt adds to the budget; a further attempt takes 1. */
    readonly budget: number
    /** Further attempts per second that need no budget. */
    readonly minPerSecond: number
  }
}

/** What every guard does, unless its dependency has settings of its own. */
export interface GuardSettings extends StageSettings {
  /** False makes every call as it is: no guard, and nothing in the process is watched. */
  readonly enabled: boolean
  /** Whether calls to what no dependency declares are guarded or pass. */
  readonly undeclared: 'guard' | 'ignore'
  /** Whether a connection made past the guards is guarded itself, or only reported. */
  readonly bypass: 'guard' | 'report'
  /** How many guards are kept; idle ones go first. */
  readonly maxGuards: number
  /** By the name of a dependency, or by the id of one guard (`<owner>:<dependency>`), which wins. */
  readonly dependencies: Readonly<Record<string, DependencySettings>>
}

/** One dependency: what belongs to it, and the settings in which it differs. */
export interface DependencySettings extends DeepPartial<StageSettings> {
  /** `custom` for what is called through `guard(name)` only. */
  readonly kind?: 'http' | 'tcp' | 'module' | 'custom'
  /** What belongs to it: origins, addresses (`host:port`) or package names, as `kind` says. */
  readonly match?: readonly string[]
  /** One guard for each origin, or for each entry of `routes` too. */
  readonly key?: 'origin' | 'origin+route'
  /** Routes such as `GET /v1/charges/:id`; calls of all others share one guard. */
  readonly routes?: readonly string[]
  /** Exports of a package whose calls are guarded. */
  readonly functions?: readonly string[]
  /** `isolated` refuses every call, `disabled` admits every call and never opens. */
  readonly mode?: 'auto' | 'isolated' | 'disabled'
  readonly probe?: {
    /** Path that a half-open circuit requests by itself, such as `/health`. */
    readonly path?: string
  }
  /** Codes of errors that say nothing about the dependency. */
  readonly ignore?: readonly string[]
}

type DeepPartial<Value> = Value extends object
  ? { readonly [Key in keyof Value]?: DeepPartial<Value[Key]> }
  : Value
