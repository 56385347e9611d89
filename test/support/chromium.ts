import { existsSync } from 'node:fs'
import { chromium, type Browser } from 'playwright-core'

const EXECUTABLE = process.env.SOMON_TEST_CHROMIUM_BIN ?? '/usr/bin/chromium'

const isRequired = (process.env.SOMON_TEST_REQUIRE ?? '').split(',').includes('chromium')

/** Why browser tests cannot run here; undefined when they can, or must. */
export const noChromium: string | undefined =
  existsSync(EXECUTABLE) || isRequired ? undefined : ` (skipped: there is no ${EXECUTABLE})`

/** Starts a browser of its own that reaches nothing by itself. */
export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
