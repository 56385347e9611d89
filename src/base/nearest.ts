/**
 * Returns the known word nearest to a mistyped one, or undefined when none is near enough to be
 * meant: at most a third of its letters may differ (Damerau-Levenshtein distance with adjacent
 * transpositions, letter case ignored).
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase()
  let best: string | undefined
  let bestDistance = Infinity
  for (const candidate of known) {
    const limit = Math.max(1, Math.floor(Math.max(candidate.length, wanted.length) / 3))
    if (Math.abs(candidate.length - wanted.length) > limit) continue
    const distance = editDistance(wanted, candidate.toLowerCase())
    if (distance <= limit && distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}

function editDistance(a: string, b: string): number {
  const width = b.length + 1
  const cells = new Uint32Array((a.length + 1) * width)
  const at = (row: number, column: number): number => cells[row * width + column] ?? 0
  for (let column = 0; column < width; column += 1) cells[column] = column
  for (let row = 1; row <= a.length; row += 1) {
    cells[row * width] = row
    for (let column = 1; column < width; column += 1) {
      const changed = a[row - 1] === b[column - 1] ? 0 : 1
      let cost = Math.min(
        at(row - 1, column) + 1,
        at(row, column - 1) + 1,
        at(row - 1, column - 1) + changed,
      )
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      if (row > 1 && column > 1 && swapped) cost = Math.min(cost, at(row - 2, column - 2) + 1)
      cells[row * width + column] = cost
    }
  }
  return at(a.length, b.length)
}
