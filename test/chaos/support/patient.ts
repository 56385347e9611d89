import type { GuardEvents } from '../../../src/guard/events.ts'
import type { Connections, Place, Sickness } from './place.ts'

/** What is seen of a place that falls sick and gets well, over all times of a storm. */
export interface PatientReport {
  readonly name: string
  /** How often it fell sick. */
  readonly spells: number
  /** Calls that were offered while it was sick. */
  readonly offered: number
  /** Of these, how many ended otherwise than by a refusal of the guard. */
  readonly sent: number
  /** Requests that were begun while it was sick, as the place itself has seen them. */
  readonly attempts: number
  /** Connections that were made while it was sick. */
  readonly accepted: number
  /** How often its circuit opened from closed, and how many calls were under way then, in all. */
  readonly trips: number
  readonly underWay: number
  /** How often its circuit became half-open while it was sick. */
  readonly rounds: number
  /** How often its circuit opened again after the place had been healed. */
  readonly reopened: number
  /** Each time from the end of the sickness until the circuit was closed. */
  readonly recoveriesMs: readonly number[]
}

/** A place that falls sick, and what is seen of it from outside of its guard. */
export class Patient {
  readonly name: string
  readonly place: Place
  readonly #sickness: Sickness
  readonly #recoveriesMs: number[] = []
  #isSick = false
  #isClosed = true
  #healedAt = 0
  #running = 0
  #spells = 0
  #offered = 0
  #sent = 0
  #attempts = 0
  #accepted = 0
  #trips = 0
  #underWay = 0
  #rounds = 0
  #reopened = 0

  constructor(place: Place, sickness: Sickness, name: string) {
    this.place = place
    this.#sickness = sickness
    this.name = name
  }

  get isSick(): boolean {
    return this.#isSick
  }

  /** Whether its circuit is closed. */
  get isClosed(): boolean {
    return this.#isClosed
  }

  /** How often its circuit became half-open while it was sick. */
  get rounds(): number {
    return this.#rounds
  }

  async fallSick(): Promise<void> {
    if (this.#isSick) return
    this.#isSick = true
    this.#spells += 1
    await this.place.sicken(this.#sickness)
    // Now, because connections that were open may have been reset: these are no attempts.
    this.#attempts -= this.place.attempts
    this.#accepted -= this.place.accepted
  }

  async getWell(connections: Connections): Promise<void> {
    if (!this.#isSick) return
    this.#attempts += this.place.attempts
    this.#accepted += this.place.accepted
    this.#isSick = false
    await this.place.heal(connections)
    this.#healedAt = performance.now()
  }

  onTransition({ from, to }: GuardEvents['guard.transition']): void {
    this.#isClosed = to === 'closed'
    if (from === 'closed') {
      this.#trips += 1
      this.#underWay += this.#running
    }
    if (to === 'half-open' && this.#isSick) this.#rounds += 1
    if (to === 'open' && !this.#isSick) this.#reopened += 1
    if (to === 'closed') this.#recoveriesMs.push(Math.round(performance.now() - this.#healedAt))
  }

  async ask(ask: (origin: string) => Promise<string>): Promise<void> {
    const wasSick = this.#isSick
    if (wasSick) this.#offered += 1
    this.#running += 1
    const outcome = await ask(this.place.origin)
    this.#running -= 1
    if (wasSick && outcome !== 'SOMON_GUARD_OPEN') this.#sent += 1
  }

  report(): PatientReport {
    return {
      ...{ name: this.name, spells: this.#spells, offered: this.#offered, sent: this.#sent },
      ...{ attempts: this.#attempts, accepted: this.#accepted },
      ...{ trips: this.#trips, underWay: this.#underWay, rounds: this.#rounds },
      ...{ reopened: this.#reopened, recoveriesMs: this.#recoveriesMs },
    }
  }
}
