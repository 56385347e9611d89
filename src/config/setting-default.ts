import type { Machine, Profile } from './setting-row.ts'

/** A default that depends on what the system is for, or on the machine. */
export class Default<Value> {
  readonly text: string
  readonly of: (profile: Profile, machine: Machine) => Value

  constructor(text: string, of: (profile: Profile, machine: Machine) => Value) {
    this.text = text
    this.of = of
  }
}

/** One value for most profiles, another for some. */
export function byProfile<Value>(
  usual: Value,
  others: Partial<Record<Profile, Value>>,
): Default<Value> {
  const texts = Object.entries(others).map(([profile, value]) => `${profile}: ${String(value)}`)
  const text = `${String(usual)} (${texts.join(', ')})`
  return new Default(text, (profile) => others[profile] ?? usual)
}

/** A value that only the machine knows. */
export function computed<Value>(text: string, of: (machine: Machine) => Value): Default<Value> {
  return new Default(text, (_profile, machine) => of(machine))
}
