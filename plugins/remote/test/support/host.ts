import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import {
  createServer as createHttp,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http'
import { createServer as createHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** What a host serves under a path: a text with its type, or whatever a function does. */
export type Page =
  | { readonly type?: string; readonly text: string }
  | { readonly redirect: string }
  | { readonly status: number }
  | ((request: IncomingMessage, response: ServerResponse) => void)

/** A real server on this machine that can be changed, stopped and started again on its port. */
export class Host implements AsyncDisposable {
  readonly pages: Record<string, Page>
  readonly requests: string[] = []
  readonly #tls: { readonly key: Buffer; readonly cert: Buffer } | undefined
  #server: Server | undefined
  #port = 0

  static async start(
    pages: Record<string, Page>,
    tls?: { readonly key: Buffer; readonly cert: Buffer },
  ): Promise<Host> {
    const host = new Host(pages, tls)
    await host.start()
    return host
  }

  private constructor(pages: Record<string, Page>, tls: Host['tls']) {
    this.pages = pages
    this.#tls = tls
  }

  get tls(): { readonly key: Buffer; readonly cert: Buffer } | undefined {
    return this.#tls
  }

  get host(): string {
    return `127.0.0.1:${this.#port}`
  }

  url(path: string): string {
    return `${this.#tls === undefined ? 'http' : 'https'}://${this.host}${path}`
  }

  async start(): Promise<void> {
    const answer = (request: IncomingMessage, response: ServerResponse): void =>
      this.#answer(request, response)
    const server = this.#tls === undefined ? createHttp(answer) : createHttps(this.#tls, answer)
    this.#server = server
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(this.#port, '127.0.0.1', resolve)
    })
    this.#port = (server.address() as AddressInfo).port
  }

  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    if (server === undefined) return
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const path = request.url ?? '/'
    this.requests.push(path)
    const page = this.pages[path]
    if (page === undefined) response.writeHead(404, { 'content-type': 'text/html' }).end('<h1>no')
    else if (typeof page === 'function') page(request, response)
    else if ('redirect' in page) response.writeHead(302, { location: page.redirect }).end()
    else if ('status' in page) response.writeHead(page.status).end()
    else response.writeHead(200, { 'content-type': page.type ?? 'text/javascript' }).end(page.text)
  }
}

/** A key and a certificate for 127.0.0.1 that nobody trusts. */
export async function selfSigned(): Promise<{ readonly key: Buffer; readonly cert: Buffer }> {
  const folder = await mkdtemp(join(tmpdir(), 'somon-tls-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  try {
    await promisify(execFile)('openssl', [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'],
      ...['-keyout', key, '-out', cert],
    ])
    return { key: await readFile(key), cert: await readFile(cert) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
