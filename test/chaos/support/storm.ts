import type { SettingsInput } from '../../../src/config/input.ts'
import { loadAsking, type Asking, type Style } from './asking-module.ts'
import { offer } from './open-loop.ts'
import { Patient, type PatientReport } from './patient.ts'
import { SICKNESSES, startPlaces, type Place } from './place.ts'
import { Calls, type Tally } from './tally.ts'

/** What a storm is made of. */
export interface StormOptions {
  readonly style: Style
  /** Of these, five fall sick. */
  readonly places: number
  readonly perSecond: number
  /** Every how manyth call goes to one of those five. */
  readonly sickEvery: number
  /** How many calls run at once, whomever they ask. */
  readonly workers: number
  /** Blocks of time, one after the other. */
  readonly blocks: readonly StormBlock[]
  /** Settings of all guards. */
  readonly guard: NonNullable<SettingsInput['guard']>
  /** How long one attempt at one of the five may take. */
  readonly sickTimeoutMs: number
}

export interface StormBlock {
  readonly ms: number
  /** Whether five places are sick in it. */
  readonly isSick: boolean
}

/** What a storm has shown. */
export interface StormReport {
  /** The calls to places that are always well, by block. */
  readonly blocks: readonly Tally[]
  readonly patients: readonly PatientReport[]
  /** Transitions of guards of places that are always well. */
  readonly spurious: readonly string[]
  /** Connections that were taken for such as no call was guarded for. */
  readonly bypasses: readonly string[]
}

/** Runs load over places of which five fall sick and get well, until all circuits are closed. */
export async function storm(options: StormOptions): Promise<StormReport> {
  await using fleet = await startPlaces(options.places)
  const { places } = fleet
  const patients = places.slice(0, SICKNESSES.length).map((place, at) => patientOf(place, at))
  const dependencies = Object.fromEntries(
    patients.map(({ name, place }) => [
      name,
      { kind: 'http' as const, match: [place.origin], timeoutMs: options.sickTimeoutMs },
    ]),
  )
  await using asking = await loadAsking(
    { style: options.style, workers: options.workers },
    { guard: { ...options.guard, dependencies } },
  )
  return await new Storm(options, asking, places.slice(patients.length), patients).run()
}

function patientOf(place: Place, at: number): Patient {
  const sickness = SICKNESSES[at]
  if (sickness === undefined) throw new RangeError(`There is no sickness ${at}`)
  return new Patient(place, sickness, `sick-${sickness.kind}`)
}

class Storm {
  readonly #options: StormOptions
  readonly #asking: Asking
  readonly #places: readonly Place[]
  readonly #patients: readonly Patient[]
  readonly #spurious: string[] = []
  readonly #bypasses: string[] = []
  readonly #running = new Set<Promise<void>>()

  constructor(
    options: StormOptions,
    asking: Asking,
    places: readonly Place[],
    patients: readonly Patient[],
  ) {
    this.#options = options
    this.#asking = asking
    this.#places = places
    this.#patients = patients
  }

  async run(): Promise<StormReport> {
    this.#listen()
    // What is made at the first call is no part of what a storm costs.
    for (const { origin } of this.#places) await this.#asking.ask(origin)
    const calls: Calls[] = []
    for (const block of this.#options.blocks) calls.push(await this.#block(block))
    await this.#offer(new Calls(), () => this.#patients.every(({ isClosed }) => isClosed))
    await Promise.all(this.#running)
    return {
      blocks: calls.map((some) => some.tally()),
      patients: this.#patients.map((patient) => patient.report()),
      ...{ spurious: this.#spurious, bypasses: this.#bypasses },
    }
  }

  #listen(): void {
    const { system } = this.#asking
    system.on('guard.transition', (event) => {
      const { dependency, from, to, reason } = event
      const patient = this.#patients.find(({ name }) => name === dependency)
      if (patient !== undefined) patient.onTransition(event)
      else this.#spurious.push(`${dependency} ${from} ${to} ${reason}`)
    })
    system.on('guard.bypass', ({ dependency }) => this.#bypasses.push(dependency))
  }

  async #block({ ms, isSick }: StormBlock): Promise<Calls> {
    const calls = new Calls()
    if (isSick) await Promise.all(this.#patients.map((patient) => patient.fallSick()))
    await this.#offer(calls, (elapsedMs) => elapsedMs >= ms)
    await Promise.all(this.#patients.map((patient) => patient.getWell('cut')))
    return calls
  }

  async #offer(calls: Calls, isOver: (elapsedMs: number) => boolean): Promise<void> {
    const { perSecond, sickEvery } = this.#options
    await offer({
      ...{ perSecond, isOver },
      call: (index, dueAt) => {
        const turn = Math.floor(index / sickEvery)
        const running =
          index % sickEvery === 0
            ? this.#askSick(turn % this.#patients.length)
            : this.#ask((index - turn) % this.#places.length, dueAt, calls)
        this.#running.add(running)
        void running.finally(() => this.#running.delete(running))
      },
    })
  }

  async #ask(at: number, dueAt: number, calls: Calls): Promise<void> {
    const { origin = 'nowhere' } = this.#places[at] ?? {}
    await calls.run(dueAt, () => this.#asking.ask(origin))
  }

  async #askSick(at: number): Promise<void> {
    await this.#patients[at]?.ask((origin) => this.#asking.ask(origin))
  }
}
