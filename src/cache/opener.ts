import type { Clock } from '../base/clock.ts'
import type { Secret } from '../base/secret.ts'
import type { StattedFile, StoredFile } from './disk-file.ts'
import { open, openUnproven } from './envelope.ts'
import { isAsSeen, sightingOf, type Sighting } from './sighting.ts'

/** What a file held; without a payload it is torn or was tampered with. */
export interface Opened {
  readonly payload: Uint8Array | undefined
  /** The bytes were not hashed. */
  readonly isTrusted: boolean
  readonly seen: Sighting | undefined
}

/**
 * Opens stored files: each is hashed, unless it is as it was when it was last found to be whole.
 *
 * With a secret every file is hashed: who signs does not trust those who can write.
 * docs/design/0005-trust-by-stat.md has the argument.
 */
export class Opener {
  readonly #secret: Secret | undefined
  readonly #clock: Clock
  readonly #bootId: () => string | undefined
  #boot: { readonly id: string | undefined } | undefined

  constructor(parts: {
    readonly secret: Secret | undefined
    readonly clock: Clock
    /** Asked once, by the first file that could be trusted. */
    readonly bootId: () => string | undefined
  }) {
    this.#secret = parts.secret
    this.#clock = parts.clock
    this.#bootId = parts.bootId
  }

  /** Hashes whatever the file's stat says. */
  open(key: string, { bytes }: StoredFile): Uint8Array | undefined {
    return open(bytes, { key, secret: this.#secret })
  }

  /** @param seenAt - wall time before the file was read */
  openSeen(key: string, file: StattedFile, seen: Sighting | undefined, seenAt: number): Opened {
    const boot = this.#secret === undefined ? this.#currentBoot() : undefined
    if (boot === undefined) {
      return { payload: this.open(key, file), isTrusted: false, seen: undefined }
    }
    if (seen !== undefined && isAsSeen(file.stat, seen, boot, this.#clock.now())) {
      const payload = openUnproven(file.bytes, { key, secret: undefined })
      return { payload, isTrusted: true, seen }
    }
    const payload = this.open(key, file)
    return { payload, isTrusted: false, seen: sightingOf(file.stat, boot, seenAt) }
  }

  #currentBoot(): string | undefined {
    this.#boot ??= { id: this.#bootId() }
    return this.#boot.id
  }
}
