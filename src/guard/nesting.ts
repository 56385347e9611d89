/** What runs at this moment inside which guards; the innermost first. */
export interface Nesting {
  /** Only compared: what stands for one guard. */
  readonly guard: object
  readonly outer: Nesting | undefined
}

/** Whether a call comes from inside a task of the same guard. */
export function isInside(guard: object, nesting: Nesting | undefined): boolean {
  for (let at = nesting; at !== undefined; at = at.outer) if (at.guard === guard) return true
  return false
}
