import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { InputsManifest } from '../../src/load/manifest.ts'
import { RACY_MS, validate } from '../../src/load/validate.ts'
import { ModelFs } from './support/model-fs.ts'

const NOW = 1_700_000_000_000
const OLD = NOW - 3_600_000
const STAT = { mode: 'stat' } as const

function settledFs(): ModelFs {
  const fs = new ModelFs()
  fs.write('a.ts', 'a', OLD)
  fs.write('b.ts', 'b', OLD)
  return fs
}

describe('validate()', () => {
  test('reads nothing while every stat is the same', () => {
    const fs = new ModelFs()
    for (let index = 0; index < 5000; index += 1) fs.write(`src/${index}.ts`, 'x', OLD)
    const manifest = fs.manifest(NOW - 60_000)

    const verdict = validate(manifest, fs, NOW, STAT)

    expect(verdict).toEqual({ hit: true, refreshed: undefined })
    expect(fs.calls).toEqual({ stat: 5000, hash: 0, link: 0, names: 0 })
  })

  test('hashes a file whose stat differs and hits when the bytes are the same', () => {
    const fs = settledFs()
    const manifest = fs.manifest(NOW - 60_000)
    fs.write('a.ts', 'a', OLD + 10_000)

    const verdict = validate(manifest, fs, NOW, STAT)

    expect(verdict).toEqual({
      hit: true,
      refreshed: { ...fs.manifest(NOW), builtAt: NOW - 60_000 },
    })
    expect(fs.calls.hash).toBe(1)
  })

  test('does not hash again what a refreshed record has taken over', () => {
    const fs = settledFs()
    const manifest = fs.manifest(NOW - 60_000)
    fs.write('a.ts', 'a', OLD + 10_000)
    const first = validate(manifest, fs, NOW, STAT)
    fs.calls.hash = 0

    const second = validate(refreshedOf(first), fs, NOW + 1, STAT)

    expect(second).toEqual({ hit: true, refreshed: undefined })
    expect(fs.calls.hash).toBe(0)
  })

  test.each([
    ['size', (fs: ModelFs) => fs.write('a.ts', 'aa', OLD)],
    ['mtime', (fs: ModelFs) => fs.write('a.ts', 'x', OLD + 1)],
    ['ctime', (fs: ModelFs) => fs.write('a.ts', 'x', OLD, OLD + 1)],
    ['inode', (fs: ModelFs) => (fs.files.delete('a.ts'), fs.write('a.ts', 'x', OLD))],
    ['existence', (fs: ModelFs) => fs.files.delete('a.ts')],
  ])('misses a changed file by its %s', (_what, change) => {
    const fs = settledFs()
    const manifest = fs.manifest(NOW - 60_000)
    change(fs)

    const verdict = validate(manifest, fs, NOW, STAT)

    expect(verdict).toMatchObject({ hit: false, because: [{ kind: 'file', subject: 'a.ts' }] })
  })

  test('takes inode 0 for unknown', () => {
    const fs = settledFs()
    const manifest = fs.manifest(NOW - 60_000)
    for (const file of fs.files.values()) file.stat = { ...file.stat, ino: 0 }

    const verdict = validate(manifest, fs, NOW, STAT)

    expect(verdict).toEqual({ hit: true, refreshed: undefined })
    expect(fs.calls.hash).toBe(0)
  })

  test('hashes a racy file: same stat, other bytes, written in one tick', () => {
    const fs = new ModelFs()
    fs.write('a.ts', 'a', NOW - 500)
    const manifest = fs.manifest(NOW)
    fs.write('a.ts', 'b', NOW - 500)

    const verdict = validate(manifest, fs, NOW + 60_000, STAT)

    expect(verdict.hit).toBe(false)
  })

  test('trusts a racy file once it has been looked at late enough', () => {
    const fs = new ModelFs()
    fs.write('a.ts', 'a', NOW - 500)
    const early = validate(fs.manifest(NOW), fs, NOW + 100, STAT)
    const late = validate(fs.manifest(NOW), fs, NOW + RACY_MS, STAT)
    fs.calls.hash = 0

    const later = validate(refreshedOf(late), fs, NOW + RACY_MS + 1, STAT)

    expect(early).toEqual({ hit: true, refreshed: undefined })
    expect(later).toEqual({ hit: true, refreshed: undefined })
    expect(fs.calls.hash).toBe(0)
  })

  test('hashes files from the future', () => {
    const fs = new ModelFs()
    fs.write('a.ts', 'a', NOW + 3_600_000)
    const manifest = fs.manifest(NOW - 60_000)
    fs.write('a.ts', 'b', NOW + 3_600_000)

    expect(validate(manifest, fs, NOW, STAT).hit).toBe(false)
  })

  test('hashes everything after the clock was set back', () => {
    const fs = settledFs()
    const manifest = fs.manifest(NOW + 3_600_000)
    fs.write('a.ts', 'x', OLD)

    expect(validate(manifest, fs, NOW, STAT).hit).toBe(false)
  })

  test('hashes everything in the mode "hash" and nothing in the mode "never"', () => {
    const fs = settledFs()
    const manifest = fs.manifest(NOW - 60_000)
    fs.write('a.ts', 'x', OLD)

    const byHash = validate(manifest, fs, NOW, { mode: 'hash' })
    const believed = validate(manifest, fs, NOW, { mode: 'never' })

    expect(byHash.hit).toBe(false)
    expect(believed).toEqual({ hit: true, refreshed: undefined })
  })

  test('compares the names of a folder whose mtime moved', () => {
    const fs = settledFs()
    fs.dirs.set('src', { mtimeMs: OLD, names: 'a' })
    const manifest = fs.manifest(NOW - 60_000)

    fs.dirs.set('src', { mtimeMs: OLD + 5, names: 'a' })
    const same = validate(manifest, fs, NOW, STAT)
    fs.dirs.set('src', { mtimeMs: OLD + 5, names: 'ab' })
    const other = validate(manifest, fs, NOW, STAT)

    expect(same).toMatchObject({
      hit: true,
      refreshed: { dirs: [['src', OLD + 5, manifest.dirs[0]?.[2]]] },
    })
    expect(other).toMatchObject({ hit: false, because: [{ kind: 'dir', subject: 'src' }] })
  })

  test('looks at absent paths, links, folders, files and variables in this order', () => {
    const fs = settledFs()
    fs.links.set('link', 'to/a')
    fs.dirs.set('src', { mtimeMs: OLD, names: 'a' })
    fs.variables.set('MODE', 'one')
    const manifest = fs.manifest(NOW - 60_000, { absent: ['new.ts'] })
    fs.write('new.ts', 'n', OLD)
    fs.write('b.ts', 'changed', OLD)
    fs.links.set('link', 'to/b')
    fs.dirs.set('src', { mtimeMs: OLD + 1, names: 'b' })
    fs.variables.delete('MODE')

    const stopped = validate(manifest, fs, NOW, STAT)
    const complete = validate(manifest, fs, NOW, { mode: 'stat', complete: true })

    const kinds = ['absent', 'symlink', 'dir', 'file', 'env']
    expect(stopped).toMatchObject({ because: [{ kind: 'absent', subject: 'new.ts' }] })
    expect(causes(complete).map(({ kind }) => kind)).toEqual(kinds)
    expect(causes(complete)).toContainEqual({
      kind: 'symlink',
      subject: 'link',
      was: 'to/a',
      is: 'to/b',
    })
  })

  test('never shows the value of a variable', () => {
    const fs = new ModelFs()
    fs.variables.set('TOKEN', 'secret-1')
    const manifest = fs.manifest(NOW)
    fs.variables.set('TOKEN', 'secret-2')

    expect(JSON.stringify(validate(manifest, fs, NOW, STAT))).not.toContain('secret')
  })
})

/** One thing that can happen to a project, with the time that passes before it. */
const step = fc.record({
  afterMs: fc.constantFrom(0, 1, 900, RACY_MS, 10_000),
  path: fc.constantFrom('a.ts', 'b.ts', 'c.ts'),
  act: fc.constantFrom('edit', 'touch', 'remove', 'backdate', 'check'),
  text: fc.constantFrom('one', 'two'),
})

describe('validate() over random histories', () => {
  test('hits exactly when every file holds what was built', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        let now = NOW
        const fs = new ModelFs()
        for (const path of ['a.ts', 'b.ts']) fs.write(path, 'one', now)
        let manifest = fs.manifest(now, { absent: ['c.ts'] })
        const built = contents(fs)
        for (const { afterMs, path, act, text } of steps) {
          now += afterMs
          // ctime cannot be set: it is always the tick of the change, however mtime is forged.
          if (act === 'edit') fs.write(path, text, tick(now))
          if (act === 'backdate') fs.write(path, text, NOW - RACY_MS, tick(now))
          const file = fs.files.get(path)
          if (act === 'touch' && file) fs.write(path, file.text, tick(now))
          if (act === 'remove') fs.files.delete(path)

          const verdict = validate(manifest, fs, now, STAT)

          expect(verdict.hit).toBe(contents(fs) === built)
          if (verdict.hit) manifest = verdict.refreshed ?? manifest
        }
      }),
      { numRuns: 500 },
    )
  })
})

/** File systems keep time in steps; two seconds is the worst. */
function tick(now: number): number {
  return now - (now % RACY_MS)
}

function contents(fs: ModelFs): string {
  return JSON.stringify([...fs.files].map(([path, { text }]) => `${path} ${text}`).toSorted())
}

function causes(verdict: ReturnType<typeof validate>): readonly { kind: string }[] {
  return verdict.hit ? [] : verdict.because
}

function refreshedOf(verdict: ReturnType<typeof validate>): InputsManifest {
  if (!verdict.hit || verdict.refreshed === undefined) throw new Error('nothing was refreshed')
  return verdict.refreshed
}
