import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { isSomonError } from '../../../src/base/error.ts'
import type { ModuleSystem } from '../../../src/system/module-system.ts'

/** A module that asks servers. */
export const ASKING: Readonly<Record<string, string>> = {
  'main.ts': `export async function ask(url: string, init?: RequestInit): Promise<string> {
  const response = await fetch(url, init)
  return response.status + ' ' + (await response.text())
}`,
}

interface Asking {
  ask(url: string, init?: RequestInit): Promise<string>
}

/** Lets the module ask, and says how that went. */
export async function asked(
  system: ModuleSystem,
  url: string,
  init?: RequestInit,
): Promise<string> {
  const { exports } = await system.load<Asking>('./main.ts')
  try {
    return await exports.ask(url, init)
  } catch (error) {
    // fetch puts what went wrong below an error of its own.
    const cause = error instanceof Error ? error.cause : undefined
    if (isSomonError(cause)) return cause.code
    throw error
  }
}

/** A server on a port of its own; `using` ends it. */
export interface AskedServer extends AsyncDisposable {
  readonly origin: string
  /** Method and path of each request, in the order in which they came. */
  readonly requests: readonly string[]
}

/** Serves on the loopback. */
export async function serve(
  respond: RequestListener = (_request, response) => response.end('hello'),
): Promise<AskedServer> {
  const requests: string[] = []
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    respond(request, response)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    origin: `http://127.0.0.1:${port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The names of the guards of the module, without its id. */
export function guardsOf(system: ModuleSystem): readonly string[] {
  return Object.values(system.stats().guards.breakers)
    .filter(({ component }) => component === 'main.ts')
    .map(({ dependency }) => dependency)
}
