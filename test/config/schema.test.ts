import { describe, expect, test } from 'vitest'
import { settingsTable } from '../../src/config/schema.ts'
import type { Profile } from '../../src/config/setting-row.ts'
import { environment } from '../support/config-scene.ts'

const profiles: readonly Profile[] = ['library', 'bundle', 'run', 'watch']

function repeated(names: readonly string[]): string[] {
  return names.filter((name, index) => names.indexOf(name) !== index)
}

describe('settingsTable', () => {
  test('gives every variable, flag and alias to one setting only', () => {
    const variables = settingsTable.flatMap((row) => row.env)
    const secretFiles = settingsTable.filter((row) => row.secret).flatMap((row) => row.env)
    const flags = settingsTable.flatMap((row) => [row.flag, ...Object.keys(row.switches)])
    const paths = settingsTable.flatMap((row) => [row.path, ...row.aliases])

    expect(repeated([...variables, ...secretFiles.map((name) => `${name}_FILE`)])).toEqual([])
    expect(repeated(flags)).toEqual([])
    expect(repeated(paths)).toEqual([])
  })

  test('has the names that deployments rely on', () => {
    const owners = new Map(settingsTable.flatMap((row) => row.env.map((name) => [name, row.path])))

    expect(owners.get('SOMON_CACHE_SIZE')).toBe('cache.maxEntries')
    expect(owners.get('SOMON_CACHE_MEMORY_LIMIT')).toBe('cache.maxBytes')
    expect(owners.get('SOMON_CACHE_DIR')).toBe('cache.disk.dir')
    expect(owners.get('SOMON_LOG_LEVEL')).toBe('log.level')
  })

  test('has defaults that its own checks accept, in every profile', () => {
    const refused = settingsTable.flatMap((row) =>
      profiles
        .filter((profile) => row.read(row.defaultFor(profile, environment())) === undefined)
        .map((profile) => `${row.path} (${profile})`),
    )

    expect(refused).toEqual([])
  })

  test('accepts the value of every switch', () => {
    const switches = settingsTable.flatMap((row) =>
      Object.values(row.switches).map((value) => row.read(value === 'true' ? true : value)),
    )

    expect(switches).not.toContain(undefined)
  })

  test('describes every setting in one sentence and names its unit', () => {
    const silent = settingsTable.filter((row) => !/^[A-Z].*\.$/.test(row.doc))
    const withoutUnit = settingsTable.filter(
      (row) => /(?:Ms|Bytes)$/.test(row.path) !== (row.unit !== null),
    )

    expect(silent.map((row) => row.path)).toEqual([])
    expect(withoutUnit.map((row) => row.path)).toEqual([])
  })
})
