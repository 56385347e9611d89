import { readFile } from 'node:fs/promises'
import type { SomonError } from '../../../../src/base/error.ts'
import { buildWith, failureOf, type Built } from '../../../../test/bundle/plugin-build.ts'
import { createFixture, type Fixture } from '../../../../test/support/fixture.ts'
import { remote, type RemoteOptions } from '../../src/index.ts'
import { Host, selfSigned, type Page } from './host.ts'

export const LOCK = 'somon-remote.lock.json'
/** A certificate that nobody signed but itself. */
export const tls = await selfSigned()

export function start(pages: Record<string, Page>): Promise<Host> {
  return Host.start(pages, tls)
}

export function optionsFor(host: Host, extra: Partial<RemoteOptions> = {}): RemoteOptions {
  return { allow: [host.host], ca: tls.cert.toString(), ...extra }
}

/** A project whose entry imports everything from an address. */
export function project(address: string, files: Record<string, string> = {}): Promise<Fixture> {
  return createFixture({ 'entry.ts': `export * from ${JSON.stringify(address)}`, ...files })
}

export function build(files: Fixture, options: RemoteOptions): Promise<Built> {
  return buildWith(files, [remote(options)])
}

export async function errorOf(
  files: Fixture,
  options: RemoteOptions,
): Promise<Partial<SomonError>> {
  return (await failureOf(build(files, options))).error
}

export async function lockOf(
  files: Fixture,
): Promise<{ modules: Record<string, { integrity: string }>; redirects: Record<string, string> }> {
  return JSON.parse(await readFile(files.path(LOCK), 'utf8'))
}
