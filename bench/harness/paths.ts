import { join } from 'node:path'

/** The project's own folder. */
export const root: string = join(import.meta.dirname, '../..')

/** Where results of reference runs are kept, in the repository. */
export const resultsFolder: string = join(root, 'bench/results')

/** Everything a run makes: inputs, outputs, caches, short results. Ignored by git. */
export const workFolder: string = join(root, '.cache/bench')

/** Turns `bench/children/x.ts` into the path a child process is started with. */
export function childScript(name: string): string {
  return join(root, 'bench/children', name)
}

/** Turns a package's own file into a path. */
export function packageFile(name: string, ...segments: string[]): string {
  return join(root, 'node_modules', name, ...segments)
}
