import type { Artifact } from '../../../src/bundle/artifact.ts'
import { createFixture, type Fixture } from '../../support/fixture.ts'
import { wrapped } from './wrapped.ts'

export type Dep = Parameters<typeof wrapped>[0]['deps']

/** A module that exports its first dependency as `dep`. */
export function importing(...deps: NonNullable<Dep>): Artifact {
  return wrapped({ body: '', imports: 'dep=$d[0]', exports: { dep: 'dep' }, deps })
}

export function packages(files: Readonly<Record<string, string>>): Promise<Fixture> {
  const entries = Object.entries(files).map(([name, text]) => [`node_modules/${name}`, text])
  return createFixture(Object.fromEntries(entries) as Record<string, string>)
}
