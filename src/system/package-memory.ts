import type { Clock, Scheduled } from '../base/clock.ts'
import { digest } from '../base/digest.ts'
import type { DiskTier } from '../cache/disk.ts'
import type { ListMemory, RememberedList } from '../resolve/package-lists.ts'

/** What a memory of node_modules folders works with. */
export interface PackageMemoryParts {
  readonly root: string
  readonly clock: Clock
  readonly disk: Pick<DiskTier, 'getSync' | 'setAllSync' | 'stats'>
  /** See `bootId()`; asked once, and where it is undefined nothing is kept. */
  readonly bootId: () => string | undefined
}

/**
 * Keeps in the disk cache what the node_modules folders of a project held: listing them is 2 ms of
 * a start from the cache, asking whether their times have changed a tenth of that.
 *
 * A list is believed by the rules for cached files (docs/design/0005-trust-by-stat.md): the same
 * start of the machine, not from the future, and never of a folder with a young time. Whoever
 * recalls one compares the stat of the folder.
 */
export class PackageMemory implements ListMemory {
  readonly #parts: PackageMemoryParts
  readonly #lists = new Map<string, RememberedList>()
  #boot: string | undefined
  #isRead = false
  #timer: Scheduled | undefined

  constructor(parts: PackageMemoryParts) {
    this.#parts = parts
  }

  recall(folder: string): RememberedList | undefined {
    if (!this.#isRead) this.#read()
    return this.#lists.get(folder)
  }

  remember(folder: string, list: RememberedList): void {
    this.#lists.set(folder, list)
    // A first start has other things to do.
    this.#timer ??= this.#parts.clock.schedule(() => this.#save(), SAVE_DELAY_MS)
  }

  /** Saves what is new, unless this was a first start: that one need not pay for the next. */
  close(): void {
    if (this.#timer === undefined) return
    this.#timer.cancel()
    if (this.#parts.disk.stats().hits > 0) this.#save()
  }

  #read(): void {
    const { clock, disk, bootId } = this.#parts
    this.#isRead = true
    this.#boot = bootId()
    if (this.#boot === undefined) return
    const bytes = disk.getSync(this.#key)
    const kept = bytes === undefined ? undefined : parseMemory(bytes)
    if (kept === undefined || kept.boot !== this.#boot || kept.seenAt > clock.now()) return
    for (const [path, mtimeMs, ctimeMs, ino, links, scopes] of kept.lists) {
      this.#lists.set(path, { mtimeMs, ctimeMs, ino, links, scopes })
    }
  }

  #save(): void {
    const { clock, disk } = this.#parts
    this.#timer = undefined
    if (this.#boot === undefined) return
    const lists = Array.from(
      this.#lists,
      ([folder, { mtimeMs, ctimeMs, ino, links, scopes }]): Row => {
        return [folder, mtimeMs, ctimeMs, ino, links, scopes]
      },
    )
    const text = JSON.stringify({ format: FORMAT, boot: this.#boot, seenAt: clock.now(), lists })
    disk.setAllSync(new Map([[this.#key, Buffer.from(text)]]))
  }

  /** Several projects may share a cache folder; what is kept holds for this place alone. */
  get #key(): string {
    return `keys/${digest(this.#parts.root)}-packages`
  }
}

const FORMAT = 1

/** By then a module has run what it runs at its start. */
const SAVE_DELAY_MS = 2_000

type Row = readonly [
  path: string,
  mtimeMs: number,
  ctimeMs: number,
  ino: number,
  links: readonly string[],
  scopes: readonly string[],
]

interface Kept {
  readonly format: number
  readonly boot: string
  readonly seenAt: number
  readonly lists: readonly Row[]
}

/** Strict, as everything is that decides what runs. */
function parseMemory(bytes: Uint8Array): Kept | undefined {
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString())
  } catch {
    return undefined
  }
  const kept = value as Partial<Kept> | null
  const isSound =
    kept?.format === FORMAT &&
    typeof kept.boot === 'string' &&
    typeof kept.seenAt === 'number' &&
    Array.isArray(kept.lists) &&
    kept.lists.every(isRow)
  return isSound ? (kept as Kept) : undefined
}

function isRow(row: unknown): boolean {
  if (!Array.isArray(row) || row.length !== 6) return false
  const cells: readonly unknown[] = row
  return (
    typeof cells[0] === 'string' &&
    typeof cells[1] === 'number' &&
    typeof cells[2] === 'number' &&
    typeof cells[3] === 'number' &&
    isTexts(cells[4]) &&
    isTexts(cells[5])
  )
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}
