import type { Command, ProcessRun } from './process-run.ts'

/** One question of the benchmarks: what it measures, how, and what the answer should be. */
export interface Question {
  /** Kebab-case; the name of its file and of its result. */
  readonly name: string
  /** Grows when it measures something else, so that old results are not compared. */
  readonly version: number
  /** The question, in one sentence with a question mark. */
  readonly title: string
  /** What is measured and what is kept out of it. */
  readonly isolates: string
  /** What of the product is switched on. */
  readonly on: string
  readonly doesNotShow: string
  /** Packages whose versions belong to the record. */
  readonly packages: readonly string[]
  /** The first one decides the A/A row. */
  readonly metrics: readonly [Metric, ...Metric[]]
  readonly targets: readonly Target[]
  /** Fewer pairs where counts decide, not times, and a run takes minutes. */
  readonly maxPairs?: number
  readonly cases: () => Promise<readonly Case[]>
}

/** A number that every run yields: `cpuMs` and `wallMs`, or one that the child reports. */
export interface Metric {
  readonly name: string
  readonly unit: 'ms' | 'ns' | 'bytes' | 'count' | 'share'
  /** Wall times are not compared with a target on a noisy machine. */
  readonly wall?: boolean
}

/** A limit on one number of the table. */
export interface Target {
  /** A case, `each` of them, or the geometric mean over all. */
  readonly case: string
  readonly variant: string
  readonly metric: string
  readonly sense: 'at most' | 'at least'
  readonly limit: number
  /** `ratio` and `difference` are taken to the variant `against`. */
  readonly of: 'value' | 'ratio' | 'difference'
  readonly against?: string
  /** True when CI holds it, with 15 % slack: ratios and counts only. */
  readonly gate?: boolean
}

/** Variants that do the same work on the same input; the first one is the yardstick. */
export type Case = MacroCase | MicroCase

/** Variants that are fresh processes. */
export interface MacroCase {
  readonly kind: 'macro'
  readonly name: string
  readonly variants: readonly MacroVariant[]
}

export interface MacroVariant {
  readonly name: string
  readonly command: Command
  /** Puts the disk into the state that the variant starts from. */
  readonly reset?: () => Promise<void>
  /**
   * Describes the work that a run has done; equal for all variants of the case.
   *
   * Undefined is for yardsticks such as `node -e 0`, which do other work by definition.
   */
  readonly prove: (run: ProcessRun) => Promise<string | undefined> | string | undefined
}

/** Variants that are functions of one process. */
export interface MicroCase {
  readonly kind: 'micro'
  readonly name: string
  readonly variants: readonly MicroVariant[]
  readonly close?: () => Promise<void>
}

export interface MicroVariant {
  readonly name: string
  /** Does the measured operation `count` times. */
  readonly run: (count: number) => Promise<void>
  readonly prove: () => Promise<string> | string
}

export const GEOMETRIC_MEAN = 'geometric mean'
export const EACH_CASE = 'each'
