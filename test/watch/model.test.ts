import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { EventHub } from '../../src/base/events.ts'
import type { ChangeKind } from '../../src/watch/change-set.ts'
import type { WatchEvents } from '../../src/watch/events.ts'
import { signatureOf } from '../../src/watch/signature.ts'
import { createWatcher } from '../../src/watch/watcher.ts'
import { createFixture, type Fixture } from '../support/fixture.ts'

const FILES = ['a.ts', 'd/a.ts', 'd/e/a.ts', 'd/e/b.ts', 'x/y/z.ts']
const FOLDERS = ['d', 'd/e', 'x', 'x/y']

type Step =
  | { readonly do: 'write' | 'save' | 'remove'; readonly path: string }
  | { readonly do: 'move'; readonly path: string; readonly to: string }

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom('write', 'save'),
    path: fc.constantFrom(...FILES),
  }),
  fc.record({ do: fc.constant('remove' as const), path: fc.constantFrom(...FILES, ...FOLDERS) }),
  fc.record({
    do: fc.constant('move' as const),
    path: fc.constantFrom(...FOLDERS),
    to: fc.constantFrom('aside', ...FOLDERS),
  }),
)

let serial = 0

function perform(fixture: Fixture, action: Step): void {
  const path = fixture.path(action.path)
  serial += 1
  try {
    if (action.do === 'remove') rmSync(path, { recursive: true, force: true })
    else if (action.do === 'move') renameSync(path, fixture.path(action.to))
    else {
      mkdirSync(dirname(path), { recursive: true })
      const file = action.do === 'save' ? fixture.path('save.tmp') : path
      writeFileSync(file, `${serial}`.padEnd((serial % 7) + 6))
      if (file !== path) renameSync(file, path)
    }
  } catch {
    // A move onto a folder that is not empty, or of one that is not there: nothing happened.
  }
}

describe('watch()', () => {
  test('follows any sequence of edits, saves, removals and moves to its end', async () => {
    const batches = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), {
      minLength: 1,
      maxLength: 4,
    })

    await fc.assert(
      fc.asyncProperty(batches, async (all) => {
        await using fixture = await createFixture({ 'a.ts': '1', 'd/e/a.ts': '1' })
        const events = new EventHub<WatchEvents>()
        const times = { debounceMs: 5, maxDelayMs: 50, pollMs: 0 }
        await using watcher = closing(createWatcher({ clock: systemClock, events, ...times }))
        const files = FILES.map((file) => fixture.path(file))
        const state = new Map(files.map((file) => [file, signatureOf(file)]))
        const impossible: string[] = []
        const waiting = { check: (): void => {} }
        watcher.onChange(({ changes }) => {
          for (const [file, kind] of changes) {
            const isThere = signatureOf(file)
            if (!isPossible(kind, state.get(file))) impossible.push(`${kind} ${file}`)
            state.set(file, kind === 'removed' ? undefined : (isThere ?? 'gone again'))
          }
          waiting.check()
        })
        watcher.watch({ files: files.slice(0, 3), dirs: [], absent: files.slice(3) })

        for (const batch of all) {
          for (const action of batch) perform(fixture, action)
          const { promise, resolve } = Promise.withResolvers<void>()
          waiting.check = () => {
            if (files.every((file) => state.get(file) === signatureOf(file))) resolve()
          }
          waiting.check()
          await promise
        }
        expect(impossible).toEqual([])
      }),
      { numRuns: 25, interruptAfterTimeLimit: 20_000 },
    )
  })
})

function isPossible(kind: ChangeKind, before: string | undefined): boolean {
  return (kind === 'added') === (before === undefined)
}

function closing<T extends { close(): Promise<void> }>(watcher: T): T & AsyncDisposable {
  return Object.assign(watcher, { [Symbol.asyncDispose]: () => watcher.close() })
}
