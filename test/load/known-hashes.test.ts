import { describe, expect, test } from 'vitest'
import { ALL_NAMES } from '../../src/bundle/dir-names.ts'
import { withKnownHashes } from '../../src/load/known-hashes.ts'
import { ModelFs } from './support/model-fs.ts'

const NOW = 1_700_000_000_000
const CHECKED = NOW - 60_000
const OLD = NOW - 3_600_000

describe('withKnownHashes()', () => {
  test('reads nothing of what a record has hashed and a stat clears', () => {
    const { fs, manifest } = recorded()

    const known = withKnownHashes(fs, manifest, NOW, 'stat')

    expect(known.hash('a.ts')).toEqual(fs.hash('a.ts'))
    expect(known.names('src', '')).toBe(manifest.dirs[0]?.[2])
    expect(fs.calls).toMatchObject({ hash: 1, names: 0 })
  })

  test.each([
    ['size', (fs: ModelFs) => fs.write('a.ts', 'aa', OLD)],
    ['mtime', (fs: ModelFs) => fs.write('a.ts', 'x', OLD + 1)],
    ['ctime', (fs: ModelFs) => fs.write('a.ts', 'x', OLD, OLD + 1)],
    ['inode', (fs: ModelFs) => (fs.files.delete('a.ts'), fs.write('a.ts', 'x', OLD))],
    ['existence', (fs: ModelFs) => fs.files.delete('a.ts')],
  ])('reads a file of another %s', (_what, change) => {
    const { fs, manifest } = recorded()
    change(fs)

    const known = withKnownHashes(fs, manifest, NOW, 'stat')

    expect(known.hash('a.ts')).toEqual(fs.hash('a.ts'))
    expect(fs.calls.hash).toBe(2)
  })

  test('lists a folder of another time', () => {
    const { fs, manifest } = recorded()
    fs.dirs.set('src', { mtimeMs: OLD + 1, names: 'b' })

    const known = withKnownHashes(fs, manifest, NOW, 'stat')

    expect(known.names('src', '')).toBe(fs.names('src'))
    expect(fs.calls.names).toBe(2)
  })

  test('lists a folder whose other kind of names was recorded', () => {
    const { fs, manifest } = recorded()

    const known = withKnownHashes(fs, manifest, NOW, 'stat')
    known.names('src', `${ALL_NAMES}0`)

    expect(fs.calls.names).toBe(1)
  })

  test.each([
    ['written shortly before the record was checked', CHECKED - 1999, NOW, 'stat'],
    ['of a record from the future', OLD, CHECKED - 1, 'stat'],
    ['where every file is to be hashed', OLD, NOW, 'hash'],
  ] as const)('reads what was %s', (_what, writtenAt, now, mode) => {
    const { fs, manifest } = recorded(writtenAt)

    const known = withKnownHashes(fs, manifest, now, mode)
    known.hash('a.ts')
    known.names('src', '')

    expect(fs.calls).toMatchObject({ hash: 1, names: 1 })
  })

  test('asks for all else as before', () => {
    const { fs, manifest } = recorded()
    fs.links.set('link', 'target')
    fs.variables.set('NAME', 'value')
    fs.write('new.ts', 'n', OLD)

    const known = withKnownHashes(fs, manifest, NOW, 'stat')

    expect(known.hash('new.ts')).toEqual(fs.hash('new.ts'))
    expect(known.stat('a.ts')).toEqual(fs.stat('a.ts'))
    expect(known.link('link')).toBe('target')
    expect(known.env('NAME')).toBe('value')
    expect(known.names('none', '')).toBeUndefined()
  })
})

function recorded(writtenAt = OLD): {
  readonly fs: ModelFs
  readonly manifest: ReturnType<ModelFs['manifest']>
} {
  const fs = new ModelFs()
  fs.write('a.ts', 'a', writtenAt)
  fs.dirs.set('src', { mtimeMs: writtenAt, names: 'a' })
  return { fs, manifest: fs.manifest(CHECKED) }
}
