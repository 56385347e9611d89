/** How calls are offered. */
export interface OfferOptions {
  readonly perSecond: number
  /** Asked after each call; the load ends when it is true. */
  readonly isOver: (elapsedMs: number) => boolean
  /** Starts a call; it is never waited for. `dueAt` is when it should have started. */
  readonly call: (index: number, dueAt: number) => void
}

const TICK_MS = 2

/**
 * Offers calls at a fixed pace, whether or not earlier ones have been answered: who waits for
 * answers asks less as soon as something is slow, and so never sees it.
 *
 * What a busy machine makes late is made up for at once, so the number of calls is that of the
 * time. Returns how many were offered.
 */
export async function offer({ perSecond, isOver, call }: OfferOptions): Promise<number> {
  const startedAt = performance.now()
  let offered = 0
  for (;;) {
    const elapsedMs = performance.now() - startedAt
    if (isOver(elapsedMs)) return offered
    const due = Math.floor((elapsedMs * perSecond) / 1000)
    for (; offered < due; offered += 1) {
      call(offered, startedAt + (offered * 1000) / perSecond)
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS))
  }
}
