import { utimesSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { PackageFiles } from '../../src/resolve/package-files.ts'
import { createFixture } from '../support/fixture.ts'

const LATER = { now: () => Date.now() + 60_000 }

describe('PackageFiles.of()', () => {
  test('gives the same answer until the file changes', async () => {
    await using fixture = await createFixture({ 'package.json': '{"name":"one"}' })
    const file = fixture.path('package.json')
    const files = new PackageFiles(fixture.root, LATER)

    const first = files.of(file)
    const second = files.of(file)
    await fixture.write('package.json', '{"name":"two"}')
    utimesSync(file, new Date(), new Date(1_000_000))
    const third = files.of(file)

    expect(first?.name).toBe('one')
    expect(second).toBe(first)
    expect(third?.name).toBe('two')
  })

  test('reads a young file again', async () => {
    await using fixture = await createFixture({ 'package.json': '{"name":"one"}' })
    const file = fixture.path('package.json')
    const files = new PackageFiles(fixture.root, { now: () => Date.now() })

    const first = files.of(file)

    expect(files.of(file)).toEqual(first)
    expect(files.of(file)).not.toBe(first)
  })

  test('notices a file that goes and comes', async () => {
    await using fixture = await createFixture({ 'package.json': '{"name":"one"}' })
    const file = fixture.path('package.json')
    const files = new PackageFiles(fixture.root, LATER)
    files.of(file)

    await fixture.remove('package.json')
    const gone = files.of(file)
    await fixture.write('package.json', '{"name":"one"}')

    expect([gone, files.of(file)?.name]).toEqual([undefined, 'one'])
  })
})
