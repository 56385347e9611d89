import { describe, expect, test } from 'vitest'
import type { ChangeKind } from '../../src/watch/change-set.ts'
import { Snapshot } from '../../src/watch/snapshot.ts'
import { createFixture } from '../support/fixture.ts'

describe('Snapshot.retarget()', () => {
  test('keeps the state of what stays, so that a pending change is still seen', async () => {
    await using fixture = await createFixture({ a: '1', b: '1' })
    const [a, b] = [fixture.path('a'), fixture.path('b')]
    const snapshot = new Snapshot()
    snapshot.retarget({ files: [a], dirs: [], absent: [] })
    await fixture.write('a', '22')
    await fixture.write('b', '22')

    snapshot.retarget({ files: [a, b], dirs: [], absent: [] })

    const changes = new Map<string, ChangeKind>()
    snapshot.compareAll(changes)
    expect([...changes]).toEqual([[a, 'changed']])
    expect(snapshot.differs(fixture.root)).toBe(false)
  })

  test('remembers that a path was absent', async () => {
    await using fixture = await createFixture()
    const a = fixture.path('a')
    const snapshot = new Snapshot()
    snapshot.retarget({ files: [], dirs: [], absent: [a] })
    await fixture.write('a', '')
    snapshot.retarget({ files: [a], dirs: [], absent: [] })

    const changes = new Map<string, ChangeKind>()
    snapshot.compare(a, false, changes)

    expect([...changes]).toEqual([[a, 'added']])
  })
})

describe('Snapshot.compare()', () => {
  test('says whether the structure moved', async () => {
    await using fixture = await createFixture({ 'd/a': '' })
    const snapshot = new Snapshot()
    snapshot.restructure([fixture.path('d')])
    await fixture.write('d/b', '')

    const still = snapshot.compare(fixture.path('d'), false, new Map())
    await fixture.remove('d')

    expect(still).toBe(false)
    expect(snapshot.differs(fixture.root)).toBe(true)
    expect(snapshot.compare(fixture.path('d'), false, new Map())).toBe(true)
    expect(snapshot.compare(fixture.path('d'), false, new Map())).toBe(false)
  })
})
