/**
 * Reads the stack of everything that hangs on an error: itself, its causes, its parts.
 *
 * V8 keeps the functions of a stack alive until the stack is read for the first time, so an error
 * that leaves a stage unread pins the generation it was thrown in. Reading also fixes the text
 * while the generation's map is still known.
 */
export function settleError<T>(thrown: T): T {
  for (const error of errorsWithin(thrown)) readStack(error)
  return thrown
}

/** Every error that can be reached through `cause` and `errors`, each once. */
export function errorsWithin(thrown: unknown): Error[] {
  const found = new Set<Error>()
  const open: unknown[] = [thrown]
  while (open.length > 0 && found.size < MAX_ERRORS) {
    const value = open.pop()
    if (!(value instanceof Error) || found.has(value)) continue
    found.add(value)
    open.push(value.cause)
    if ('errors' in value && Array.isArray(value.errors)) open.push(...value.errors)
  }
  return [...found]
}

/** A chain of causes is data of the user's program and may be endless. */
const MAX_ERRORS = 100

/** Returns the stack; undefined when a getter or a handler of the user's throws. */
export function readStack(error: Error): string | undefined {
  try {
    const { stack } = error
    return typeof stack === 'string' ? stack : undefined
  } catch {
    return undefined
  }
}
