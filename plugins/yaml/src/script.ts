/**
 * Writes a value as an ES module: the value as default export, its keys as named ones.
 *
 * An object that occurs twice, because of an alias, is written once, so that it stays one object.
 * Keys that are no identifiers are exported under text names (`export { x as "a-b" }`).
 *
 * @throws TypeError for a value that holds itself
 */
export function scriptOfValue(value: unknown, namedExports: boolean): string {
  const writer = new Writer(value)
  if (!namedExports || !isPlainObject(value)) {
    const text = writer.text(value)
    return `${writer.shared()}export default ${text};\n`
  }
  const lines: string[] = []
  const members: string[] = []
  const exported: string[] = []
  for (const [index, [key, member]] of Object.entries(value).entries()) {
    lines.push(`const $${index} = ${writer.text(member)};`)
    members.push(`${keyText(key)}: $${index}`)
    if (key !== 'default' && key.isWellFormed())
      exported.push(`$${index} as ${JSON.stringify(key)}`)
  }
  const body = `${lines.join('\n')}\nexport default { ${members.join(', ')} };\n`
  return `${writer.shared()}${body}${exported.length > 0 ? `export { ${exported.join(', ')} };\n` : ''}`
}

class Writer {
  readonly #names = new Map<object, string>()
  readonly #shared: string[] = []
  readonly #repeated: ReadonlySet<object>
  readonly #root: unknown

  constructor(root: unknown) {
    this.#root = root
    this.#repeated = repeatedObjects(root)
  }

  /** The declarations of what `text` has named so far. */
  shared(): string {
    return this.#shared.map((line) => `${line}\n`).join('')
  }

  text(value: unknown): string {
    if (typeof value === 'bigint') return `${value}n`
    if (typeof value === 'number') return numberText(value)
    if (value === undefined) return 'undefined'
    if (typeof value !== 'object' || value === null) return jsonText(value)
    if (value === this.#root || !this.#repeated.has(value)) return this.#body(value)
    const known = this.#names.get(value)
    if (known !== undefined) return known
    const body = this.#body(value)
    const name = `$s${this.#names.size}`
    this.#names.set(value, name)
    this.#shared.push(`const ${name} = ${body};`)
    return name
  }

  #body(value: object): string {
    if (value instanceof Date) return `new Date(${value.getTime()})`
    if (value instanceof Uint8Array) {
      return `new Uint8Array(Buffer.from(${JSON.stringify(Buffer.from(value).toString('base64'))}, 'base64'))`
    }
    if (value instanceof Map) {
      const pairs = [...value].map(([key, member]) => `[${this.text(key)}, ${this.text(member)}]`)
      return `new Map([${pairs.join(', ')}])`
    }
    if (value instanceof Set)
      return `new Set([${[...value].map((item) => this.text(item)).join(', ')}])`
    if (Array.isArray(value)) return `[${value.map((item) => this.text(item)).join(', ')}]`
    const members = Object.entries(value).map(
      ([key, item]) => `${keyText(key)}: ${this.text(item)}`,
    )
    return `{ ${members.join(', ')} }`
  }
}

/** Objects that are reached in more than one way. */
function repeatedObjects(root: unknown): ReadonlySet<object> {
  const seen = new Set<object>()
  const repeated = new Set<object>()
  const open = new Set<object>()
  const visit = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if (open.has(value)) throw new TypeError('an alias refers to what surrounds it')
    if (seen.has(value)) {
      repeated.add(value)
      return
    }
    seen.add(value)
    open.add(value)
    const members = value instanceof Map ? [...value].flat() : Object.values(value)
    for (const member of value instanceof Set ? value : members) visit(member)
    open.delete(value)
  }
  visit(root)
  return repeated
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return (
    typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
  )
}

/** `__proto__: x` in a literal would set the prototype; computed, it is a key. */
function keyText(key: string): string {
  return key === '__proto__' ? '["__proto__"]' : jsonText(key)
}

/** JSON cannot write these numbers. */
function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function jsonText(value: unknown): string {
  return JSON.stringify(value)
}
