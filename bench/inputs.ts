import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { packageFile, workFolder } from './harness/paths.ts'

/** One package of TypeScript sources. */
export interface Input {
  readonly name: string
  readonly packageName: string
  /** The project folder of the copy. */
  readonly folder: string
  readonly entry: string
}

const PACKAGES = [
  { name: 'zod', packageName: 'zod' },
  { name: 'openai', packageName: 'openai' },
  { name: 'rxjs', packageName: 'rxjs' },
  { name: 'anthropic', packageName: '@anthropic-ai/sdk' },
  { name: 'effect', packageName: 'effect' },
] as const

/** The packages whose sources the loader benchmarks use: S4. */
const LOADED: ReadonlySet<string> = new Set(['zod', 'openai', 'rxjs', 'anthropic'])

/**
 * Copies the sources of S5 out of node_modules, where no tool would treat them as a project's
 * own, and returns their entries. The copies keep `type` and configuration of their packages.
 */
export async function inputsS5(): Promise<readonly Input[]> {
  const inputs: Input[] = []
  const home = join(workFolder, 'inputs')
  await mkdir(home, { recursive: true })
  // The project root of builds over several of them: without it this repository would be one.
  await writeFile(join(home, 'package.json'), '{"name":"bench-inputs","private":true}\n')
  for (const { name, packageName } of PACKAGES) {
    const folder = join(home, name)
    const marker = join(folder, 'package.json')
    const manifest = JSON.parse(
      await readFile(packageFile(packageName, 'package.json'), 'utf8'),
    ) as { type?: string; version: string }
    const wanted = `${JSON.stringify({ name: `bench-${name}`, version: manifest.version, type: manifest.type ?? 'commonjs', private: true })}\n`
    if ((await readFile(marker, 'utf8').catch(() => '')) !== wanted) {
      await copySources(packageName, folder)
      await writeFile(marker, wanted)
    }
    inputs.push({ name, packageName, folder, entry: join(folder, 'src/index.ts') })
  }
  return inputs
}

/** S5 without effect, whose size would decide every mean. */
export async function inputsS4(): Promise<readonly Input[]> {
  return (await inputsS5()).filter(({ name }) => LOADED.has(name))
}

async function copySources(packageName: string, folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await cp(packageFile(packageName, 'src'), join(folder, 'src'), { recursive: true })
  const config = packageFile(packageName, 'tsconfig.json')
  const isThere = await stat(config).catch(() => undefined)
  if (isThere !== undefined) await cp(config, join(folder, 'tsconfig.json'))
}
