/**
 * The order in which the variants of each round run: forwards, backwards, forwards, … so that a
 * machine that slowly warms up or throttles favours nobody (A B B A A B …).
 */
export function abbaRounds<T>(variants: readonly T[], rounds: number): readonly (readonly T[])[] {
  return Array.from({ length: rounds }, (_, round) =>
    round % 2 === 0 ? variants : variants.toReversed(),
  )
}
