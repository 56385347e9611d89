/** A text of a file after its variables were put in: it is read like a variable's value. */
export class InterpolatedText {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/** Why a text cannot be interpolated: the variable that is missing. */
export interface MissingVariable {
  readonly missing: string
}

/**
 * Puts variables into a text: `${NAME}`, `${NAME:-default}` where the variable is unset or empty,
 * and `$$` for a dollar sign. Any other `$` stands for itself.
 *
 * @returns the text itself when it refers to nothing
 */
export function interpolate(
  text: string,
  variables: Readonly<Record<string, string | undefined>>,
): string | InterpolatedText | MissingVariable {
  if (!text.includes('$')) return text
  let missing: string | undefined
  let refers = false
  const result = text.replaceAll(REFERENCE, (whole, name?: string, fallback?: string) => {
    if (name === undefined) return whole === '$$' ? '$' : whole
    refers = true
    const value = variables[name]
    if (fallback !== undefined) return value === undefined || value === '' ? fallback : value
    if (value === undefined) missing ??= name
    return value ?? ''
  })
  if (missing !== undefined) return { missing }
  return refers ? new InterpolatedText(result) : result
}

const REFERENCE = /\$\$|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g
