/**
 * Replaces a specifier by the alias with the longest name that fits; undefined when none does.
 *
 * `name` replaces `name` and `name/below` as esbuild's `alias` does, `prefix/*` only what is below
 * the prefix; a `*` in the replacement, or else its end, takes what was below.
 */
export function replaceAlias(
  specifier: string,
  alias: Readonly<Record<string, string>>,
): string | undefined {
  let best: { readonly name: string; readonly replacement: string } | undefined
  for (const [key, replacement] of Object.entries(alias)) {
    const name = key.endsWith('/*') ? key.slice(0, -2) : key
    const fits = specifier.startsWith(`${name}/`) || (specifier === name && name === key)
    if (fits && (best === undefined || name.length > best.name.length)) best = { name, replacement }
  }
  if (best === undefined) return undefined
  const rest = specifier.slice(best.name.length)
  if (best.replacement.endsWith('/*')) return best.replacement.slice(0, -2) + rest
  return best.replacement + rest
}

/** The same aliases in the form of esbuild's option, which knows no `*`. */
export function esbuildAlias(
  alias: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(alias).map(([key, to]) => [plain(key), plain(to)]))
}

function plain(text: string): string {
  return text.endsWith('/*') ? text.slice(0, -2) : text
}
