import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import type { SettingsInput } from '../../../src/config/input.ts'
import { isSomonError } from '../../../src/base/error.ts'
import { ModuleSystem } from '../../../src/system/module-system.ts'
import { createFixture } from '../../support/fixture.ts'

/** By what a module asks: its own `fetch`, or a package over `node:http`. */
export type Style = 'fetch' | 'axios'

/** What asks. */
export interface AskingOptions {
  readonly style: Style
  /**
   * How many questions run at once, whomever they ask: those that hang take the place of those
   * that would be answered.
   */
  readonly workers: number
}

const SOURCES: Readonly<Record<Style, string>> = {
  fetch: `const send = async (url: string, signal?: AbortSignal): Promise<string> => {
  const response = await fetch(url, { signal })
  return response.status + ' ' + (await response.text())
}`,
  axios: `import axios from 'axios'
const send = async (url: string, signal?: AbortSignal): Promise<string> => {
  const { status, data } = await axios.get(url, { signal, validateStatus: null })
  return status + ' ' + data
}`,
}

const POOL = `
let free = WORKERS
const waiting: (() => void)[] = []
export async function ask(url: string, signal?: AbortSignal): Promise<string> {
  if (free > 0) free -= 1
  else await new Promise<void>((resolve) => waiting.push(resolve))
  try {
    return await send(url, signal)
  } finally {
    const next = waiting.shift()
    if (next === undefined) free += 1
    else next()
  }
}`

interface Exports {
  readonly ask: (url: string, signal?: AbortSignal) => Promise<string>
}

/** A loaded module that asks, in a system of its own. */
export interface Asking extends AsyncDisposable {
  readonly system: ModuleSystem
  /** Status and body, or the code of the error at the bottom. */
  readonly ask: (url: string, signal?: AbortSignal) => Promise<string>
}

/** Loads a module that asks in a style; the disposal ends its system and removes its files. */
export async function loadAsking(
  { style, workers }: AskingOptions,
  settings: SettingsInput = {},
): Promise<Asking> {
  const source = `const WORKERS = ${workers}\n${SOURCES[style]}${POOL}`
  const fixture = await createFixture({ 'main.ts': source })
  await mkdir(fixture.path('node_modules'))
  await symlink(join(ROOT, 'node_modules/axios'), fixture.path('node_modules/axios'), 'dir')
  const system = new ModuleSystem({
    ...{ root: fixture.root, cache: { disk: { mode: 'off' } } },
    ...settings,
  })
  const module = await system.load<Exports>('./main.ts')
  // What a module does by its own fetch is its own wherever it is called from; node:http is not.
  const asked = (url: string, signal?: AbortSignal): Promise<string> =>
    style === 'fetch' ? module.exports.ask(url, signal) : module.use(({ ask }) => ask(url, signal))
  return {
    system,
    ask: (url, signal) => asked(url, signal).catch(codeAtBottom),
    async [Symbol.asyncDispose]() {
      await system.shutdown()
      await fixture[Symbol.asyncDispose]()
    },
  }
}

const ROOT = join(import.meta.dirname, '../../..')

/** Clients put what went wrong below errors of their own. */
function codeAtBottom(error: unknown): string {
  if (isSomonError(error)) return error.code
  if (!(error instanceof Error)) return String(error)
  if (error.cause !== undefined) return codeAtBottom(error.cause)
  const code: unknown = Reflect.get(error, 'code')
  return typeof code === 'string' ? code : error.name
}
