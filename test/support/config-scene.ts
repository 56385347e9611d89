import { resolve } from 'node:path'
import { SomonError } from '../../src/base/error.ts'
import type { Environment } from '../../src/config/env.ts'
import type { ConfigFile } from '../../src/config/file.ts'
import type { Settings } from '../../src/config/settings.ts'
import { resolveSettings, type SettingSources } from '../../src/config/sources.ts'

/** An environment that depends on nothing outside: four cores, working folder and root `/work`. */
export function environment(
  variables: Readonly<Record<string, string>> = {},
  secrets: Readonly<Record<string, string>> = {},
): Environment {
  return {
    variables,
    cwd: resolve('/work/here'),
    cores: 4,
    findRoot: () => resolve('/work'),
    readSecret(file) {
      const text = secrets[file]
      if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' })
      return text
    },
  }
}

/** Returns the coded error that `fn` throws. */
export function errorOf(fn: () => unknown): SomonError {
  try {
    fn()
  } catch (error) {
    if (error instanceof SomonError) return error
    throw error
  }
  throw new Error('Cannot return the error: nothing was thrown')
}

/** The codes of the single faults. */
export function faultCodes(error: SomonError): string[] {
  return (error.errors ?? [error]).map((fault) => fault.code)
}

/** The settings of a library, in `environment()` unless another is given. */
export function settingsOf(sources: Partial<SettingSources> = {}): Settings {
  return resolveSettings({ profile: 'library', env: environment(), ...sources })
}

/** A file as if it had been read: code, so that nothing is interpolated. */
export function fileOf(values: Record<string, unknown>): ConfigFile {
  const file = resolve('/work/somon.config.ts')
  const name = '../somon.config.ts'
  return { file, name, values, interpolates: false, detailsOf: () => ({}) }
}
