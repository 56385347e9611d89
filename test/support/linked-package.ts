import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { Fixture } from './fixture.ts'

const root = join(import.meta.dirname, '../..')

/** Lets the programs of a fixture import the package by its name, from its sources. */
export async function linkPackage(fixture: Fixture): Promise<void> {
  await mkdir(fixture.path('node_modules/@types'), { recursive: true })
  await symlink(root, fixture.path('node_modules/somon'), 'dir')
  await symlink(join(root, 'node_modules/@types/node'), fixture.path('node_modules/@types/node'))
}

/** A tsconfig.json that holds programs to our own rules. */
export function exampleConfig(files: object): string {
  return JSON.stringify({
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { types: ['node'], noEmit: true, allowImportingTsExtensions: true },
    ...files,
  })
}
