import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { RemoteFailure } from './failure.ts'

/** What the lock knows about one module. */
export interface LockedModule {
  /** `sha384-<base64>`, as in the `integrity` attribute of a script. */
  readonly integrity: string
  /** The media type that the host gave, which decides the loader. */
  readonly type: string
  readonly bytes: number
}

interface LockData {
  readonly modules: Readonly<Record<string, LockedModule>>
  /** From the address as written to the one that answered. */
  readonly redirects: Readonly<Record<string, string>>
}

/**
 * The record of every remote module with its integrity; belongs into version control.
 *
 * It is read at the start of each build, so a changed file counts, and written at its end: what
 * another process has added meanwhile is kept.
 */
export class LockFile {
  readonly #path: string
  #data: LockData = EMPTY
  #added: LockData = EMPTY

  constructor(path: string) {
    this.#path = path
  }

  get path(): string {
    return this.#path
  }

  /** @throws RemoteFailure SOMON_REMOTE_LOCK */
  async read(): Promise<void> {
    this.#data = await this.#load()
  }

  module(url: string): LockedModule | undefined {
    return member(this.#added.modules, url) ?? member(this.#data.modules, url)
  }

  redirect(url: string): string | undefined {
    return member(this.#added.redirects, url) ?? member(this.#data.redirects, url)
  }

  /** Remembers what was fetched; on disk after `write()`. */
  add(from: string, url: string, module: LockedModule): void {
    const { modules, redirects } = this.#added
    this.#added = {
      modules: { ...modules, [url]: module },
      redirects: from === url ? redirects : { ...redirects, [from]: url },
    }
  }

  /**
   * Adds to the file what is new; leaves a file that already says the same untouched.
   *
   * @param announce - is told what will be written, unless somebody else has changed the file
   *   meanwhile: then it says more than the build has used
   */
  async write(announce: (text: string) => void): Promise<void> {
    const added = this.#added
    if (Object.keys(added.modules).length === 0) return
    const now = await this.#load()
    const next = {
      modules: { ...now.modules, ...added.modules },
      redirects: { ...now.redirects, ...added.redirects },
    }
    const isOwn = print(now) === print(this.#data)
    if (print(next) !== print(now)) {
      if (isOwn) announce(print(next))
      await replaceFile(this.#path, print(next))
    }
    this.#data = next
    // What was added while the file was written waits for the next time.
    if (this.#added === added) this.#added = EMPTY
  }

  async #load(): Promise<LockData> {
    let text: string
    try {
      text = await readFile(this.#path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY
      throw error
    }
    try {
      return parse(JSON.parse(text))
    } catch (error) {
      throw new RemoteFailure(
        'SOMON_REMOTE_LOCK',
        `Cannot read lock file "${this.#path}": ${(error as Error).message}`,
        'Restore the file from version control, or delete it to lock everything anew',
        { cause: error },
      )
    }
  }
}

const EMPTY: LockData = { modules: {}, redirects: {} }

/** Keys are addresses, yet `constructor` is no member of a record. */
function member<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined
}

function parse(value: unknown): LockData {
  const { version, modules, redirects } = (value ?? {}) as Record<string, unknown>
  if (version !== 1) throw new TypeError(`its version is ${JSON.stringify(version)}; expected 1`)
  const locked = Object.entries((modules ?? {}) as Record<string, Partial<LockedModule>>)
  for (const [url, module] of locked) {
    if (!/^sha384-[A-Za-z0-9+/]{64}$/.test(module.integrity ?? '')) {
      throw new TypeError(`the integrity of "${url}" is no sha384`)
    }
    if (typeof module.type !== 'string') throw new TypeError(`the type of "${url}" is no text`)
  }
  return {
    modules: Object.fromEntries(locked) as Record<string, LockedModule>,
    redirects: (redirects ?? {}) as Record<string, string>,
  }
}

/** Sorted, so that two machines that lock the same write the same. */
function print({ modules, redirects }: LockData): string {
  return `${JSON.stringify({ version: 1, modules: sorted(modules), redirects: sorted(redirects) }, null, 2)}\n`
}

function sorted<T>(record: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1)))
}

/** Nobody ever reads half a file. */
export async function replaceFile(path: string, contents: string | Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${randomUUID()}.tmp`
  await writeFile(temporary, contents)
  await rename(temporary, path)
}
