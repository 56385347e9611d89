/** What runs at this moment inside which guards; the innermost first. */
export interface Nesting {
  /** Only compared: what stands for one guard. */
  readonly guard: object
  readonly outer: Nesting | undefined
  /** The task has ended; what it has left behind, such as a timer, is still called inside it. */
  isOver: boolean
}

/** Makes the nesting for a task; ended ones are left out, or they would grow into a chain. */
export function nest(guard: object, current: Nesting | undefined): Nesting {
  let outer = current
  while (outer?.isOver === true) ({ outer } = outer)
  return { guard, outer, isOver: false }
}

/** Whether a call comes from inside a running task of the same guard. */
export function isInside(guard: object, nesting: Nesting | undefined): boolean {
  for (let at = nesting; at !== undefined; at = at.outer) {
    if (at.guard === guard && !at.isOver) return true
  }
  return false
}
