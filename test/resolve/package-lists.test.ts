import { readdirSync, statSync, symlinkSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import {
  PackageLists,
  type ListMemory,
  type RememberedList,
} from '../../src/resolve/package-lists.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'

const LATER_MS = 60_000

function counted(
  nowAhead: number,
  memory?: ListMemory,
): { readonly lists: PackageLists; readonly listed: string[] } {
  const listed: string[] = []
  const clock = { now: () => Date.now() + nowAhead }
  const lists = new PackageLists(clock, memory, {
    stat: (folder) => statSync(folder, { throwIfNoEntry: false }),
    list: (folder) => {
      listed.push(folder)
      return readdirSync(folder, { withFileTypes: true })
    },
  })
  return { lists, listed }
}

function project(): Promise<Fixture> {
  return createFixture({
    'node_modules/a/package.json': '{}',
    'node_modules/@s/b/package.json': '{}',
    'node_modules/.bin/x': '',
    'local/package.json': '{}',
  })
}

describe('PackageLists.of()', () => {
  test('tells folders, links and scopes apart and leaves out what is no package', async () => {
    await using fixture = await project()
    symlinkSync(join(fixture.root, 'local'), join(fixture.root, 'node_modules/local'))
    const folder = join(fixture.root, 'node_modules')
    const { lists } = counted(0)

    expect(lists.of(folder, '')).toEqual({ folders: ['a'], links: ['local'], scopes: ['@s'] })
    expect(lists.of(join(folder, '@s'), '@s/')).toEqual({
      folders: ['@s/b'],
      links: [],
      scopes: [],
    })
    expect(lists.of(join(fixture.root, 'none'), '')).toEqual({ folders: [], links: [], scopes: [] })
  })

  test('lists a folder once while nothing comes or leaves', async () => {
    await using fixture = await project()
    const folder = join(fixture.root, 'node_modules')
    const { lists, listed } = counted(LATER_MS)

    const first = lists.of(folder, '')
    const second = lists.of(folder, '')
    await mkdir(join(folder, 'c'))
    const third = lists.of(folder, '')

    expect(second).toBe(first)
    expect(third.folders.toSorted()).toEqual(['a', 'c'])
    expect(listed).toHaveLength(2)
  })

  test('lists a folder again that was young when it was listed', async () => {
    await using fixture = await project()
    const folder = join(fixture.root, 'node_modules')
    const { lists, listed } = counted(0)

    lists.of(folder, '')
    lists.of(folder, '')

    expect(listed).toHaveLength(2)
  })

  test('notices a folder that goes and comes again', async () => {
    await using fixture = await project()
    const folder = join(fixture.root, 'node_modules')
    const { lists } = counted(LATER_MS)
    lists.of(folder, '')

    await fixture.remove('node_modules')
    const gone = lists.of(folder, '')
    await fixture.write('node_modules/d/package.json', '{}')
    const again = lists.of(folder, '')

    expect(gone.folders).toEqual([])
    expect(again.folders).toEqual(['d'])
  })

  test('believes a memory while the times and the number of the folder are the same', async () => {
    await using fixture = await project()
    const folder = join(fixture.root, 'node_modules')
    const memory = new MapMemory()
    const first = counted(LATER_MS, memory)
    const list = first.lists.of(folder, '')
    const second = counted(LATER_MS, memory)

    const recalled = second.lists.of(folder, '')

    expect([recalled.links, recalled.scopes]).toEqual([list.links, list.scopes])
    expect(second.listed).toEqual([])
    expect(recalled.folders).toEqual(list.folders)
    expect(second.listed).toEqual([folder])
  })

  test.for(['mtimeMs', 'ctimeMs', 'ino'] as const)(
    'lists a folder with another %s than is remembered',
    async (name) => {
      await using fixture = await project()
      const folder = join(fixture.root, 'node_modules')
      const memory = new MapMemory()
      counted(LATER_MS, memory).lists.of(folder, '')
      const remembered = memory.recall(folder)
      if (remembered !== undefined) memory.remember(folder, { ...remembered, [name]: 1 })
      const { lists, listed } = counted(LATER_MS, memory)

      lists.of(folder, '')

      expect(listed).toEqual([folder])
    },
  )

  test('has nothing remembered of a young folder', async () => {
    await using fixture = await project()
    const memory = new MapMemory()

    counted(0, memory).lists.of(join(fixture.root, 'node_modules'), '')

    expect(memory.size).toBe(0)
  })
})

class MapMemory extends Map<string, RememberedList> implements ListMemory {
  recall(folder: string): RememberedList | undefined {
    return this.get(folder)
  }

  remember(folder: string, list: RememberedList): void {
    this.set(folder, list)
  }
}
