import { glob } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ErrorFactory } from '../../src/base/error.ts'

const root = join(import.meta.dirname, '../..')

/** One code of the catalogue with the file that declares it. */
export interface CatalogueRow {
  readonly code: string
  readonly file: string
  readonly factory: ErrorFactory<never>
}

/** Imports every `src/<folder>/errors.ts` and returns its factories, sorted by code. */
export async function errorCatalogue(): Promise<readonly CatalogueRow[]> {
  const rows: CatalogueRow[] = []
  for await (const file of glob('src/*/errors.ts', { cwd: root })) {
    const module = (await import(pathToFileURL(join(root, file)).href)) as Record<string, unknown>
    for (const exported of Object.values(module)) {
      if (isFactory(exported)) rows.push({ code: exported.code, file, factory: exported })
    }
  }
  return rows.toSorted((a, b) => (a.code < b.code ? -1 : 1))
}

function isFactory(value: unknown): value is ErrorFactory<never> {
  return typeof value === 'function' && 'code' in value && typeof value.code === 'string'
}
