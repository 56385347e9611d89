import type { SettingsInput } from '../../../src/config/input.ts'
import { type Asking, loadAsking } from './asking-module.ts'
import { Patient, type PatientReport } from './patient.ts'
import { type Connections, type Place, SICKNESSES, startPlaces } from './place.ts'

/**
 * How long a dependency is sick, ms; or until some time after its circuit has become half-open for
 * that manyth time, when probes have begun to hang: the worst time to get well.
 */
export type Outage = number | { readonly round: number; readonly afterMs: number }

/** Dependencies that fall sick, each for a time of its own, and get well. */
export interface RecoveryOptions {
  /** Each is had in every of the five ways, with and without traffic. */
  readonly outages: readonly Outage[]
  readonly guard: NonNullable<SettingsInput['guard']>
  /** Between two calls of a dependency that has traffic. */
  readonly everyMs: number
  readonly connections: Connections
}

export interface Recovery extends PatientReport {
  /** With traffic no probe of its own is configured, and without there is nothing but the probe. */
  readonly by: 'traffic' | 'probe'
  readonly outage: Outage
}

/** Lets all fall sick at once and waits until all circuits are closed again. */
export async function recoveries(options: RecoveryOptions): Promise<readonly Recovery[]> {
  const cases = options.outages.flatMap((outage) =>
    (['traffic', 'probe'] as const).flatMap((by) =>
      SICKNESSES.map((sickness) => ({ outage, by, sickness })),
    ),
  )
  await using fleet = await startPlaces(cases.length)
  const patients = fleet.places.map((place, at) => {
    const { sickness = SICKNESSES[0], by } = cases[at] ?? {}
    return new Patient(place, sickness ?? { kind: 'refuse' }, `${at}-${by}-${sickness?.kind}`)
  })
  const dependencies = Object.fromEntries(
    patients.map(({ name, place }, at) => [name, declared(place, cases[at]?.by)]),
  )
  await using asking = await loadAsking(
    { style: 'fetch', workers: 1000 },
    { guard: { ...options.guard, dependencies } },
  )
  const life = new Life(asking, patients, options)
  return await Promise.all(
    patients.map(async (patient, at) => {
      const { outage = 0, by = 'traffic' } = cases[at] ?? {}
      await life.live(patient, outage, by)
      return Object.assign(patient.report(), { by, outage })
    }),
  )
}

function declared({ origin }: Place, by: Recovery['by'] | undefined) {
  const base = { kind: 'http' as const, match: [origin] }
  return by === 'probe' ? { ...base, probe: { path: '/health' } } : base
}

/** Enough to open a circuit as shipped. */
const CALLS_AT_ONCE = 6

class Life {
  readonly #asking: Asking
  readonly #options: RecoveryOptions
  readonly #waiting = new Map<string, () => void>()

  constructor(asking: Asking, patients: readonly Patient[], options: RecoveryOptions) {
    this.#asking = asking
    this.#options = options
    asking.system.on('guard.transition', (event) => {
      patients.find(({ name }) => name === event.dependency)?.onTransition(event)
      this.#waiting.get(event.dependency)?.()
    })
  }

  async live(patient: Patient, outage: Outage, by: Recovery['by']): Promise<void> {
    const { everyMs, connections } = this.#options
    const ask = (): Promise<void> => patient.ask((origin) => this.#asking.ask(origin))
    await ask()
    await patient.fallSick()
    const over = this.#over(patient, outage)
    const calls = Array.from({ length: CALLS_AT_ONCE }, ask)
    const traffic = by === 'traffic' ? setInterval(() => calls.push(ask()), everyMs) : undefined
    await over
    while (patient.isClosed) await this.#change(patient)
    await patient.getWell(connections)
    while (!patient.isClosed) await this.#change(patient)
    clearInterval(traffic)
    await Promise.all(calls)
  }

  async #over(patient: Patient, outage: Outage): Promise<void> {
    if (typeof outage === 'number') return wait(outage)
    while (patient.rounds < outage.round) await this.#change(patient)
    await wait(outage.afterMs)
  }

  #change({ name }: Patient): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(name, resolve))
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
