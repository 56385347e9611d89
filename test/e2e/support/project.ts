import { existsSync } from 'node:fs'
import { cp, mkdtemp, readdir, realpath, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const projects = join(import.meta.dirname, '..', '..', '..', 'fixtures', 'projects')

/** A copy of a project of `fixtures/projects`, gone with its scope. */
export interface ProjectCopy extends AsyncDisposable {
  readonly root: string
}

/** The projects whose exports are what a test observes. */
export async function projectNames(): Promise<readonly string[]> {
  const names = await readdir(projects)
  return names.filter((name) => existsSync(join(projects, name, 'package.json'))).toSorted()
}

/** The entry of a project: its `main` in the first language that it has. */
export function entryOf(folder: string): string {
  const names = ['main.ts', 'main.tsx', 'main.js']
  const found = names.find((name) => existsSync(join(folder, name)))
  if (found === undefined) throw new Error(`Cannot find the entry of "${folder}"`)
  return found
}

/** The file that states what a project shows where Node cannot run it. */
export function expectedFile(name: string): string | undefined {
  const file = join(projects, name, 'expected.json')
  return existsSync(file) ? file : undefined
}

/** Copies projects below one temporary folder; their `_modules` becomes `node_modules`. */
export async function copyProjects(names: readonly string[]): Promise<ProjectCopy> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'somon-test-')))
  for (const name of names) {
    const target = join(root, name)
    await cp(join(projects, name), target, { recursive: true })
    const packages = join(target, '_modules')
    if (existsSync(packages)) await rename(packages, join(target, 'node_modules'))
  }
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }) }
}
