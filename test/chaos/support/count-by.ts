/** How often each text occurs. */
export function countBy(texts: readonly (string | undefined)[] = []): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const text of texts) counts[String(text)] = (counts[String(text)] ?? 0) + 1
  return counts
}
