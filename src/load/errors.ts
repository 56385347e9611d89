import type { ErrorFactory } from '../base/error.ts'
import { defineError } from '../base/error.ts'

export const syncMiss: ErrorFactory<{ entry: string; because: string }> = defineError({
  code: 'SOMON_LOAD_SYNC_MISS',
  when: 'A call of `loadSync()` names an entry that no cache tier holds in a valid state.',
  remedy: 'Use "await load()", or fill the cache first with "somon cache warm"',
  message: ({ entry, because }) =>
    `Cannot load "${entry}" synchronously: ${because}; only a cached artifact can be loaded without a build`,
})

export const queueFull: ErrorFactory<{ entry: string; maxQueued: number }> = defineError({
  code: 'SOMON_LOAD_QUEUE_FULL',
  when: 'More entries wait for a build than loading.maxQueued allows.',
  remedy: 'Try again later, load fewer entries at once, or raise loading.maxQueued',
  message: ({ entry, maxQueued }) =>
    `Cannot build "${entry}": the queue of builds holds ${maxQueued} entries; loading.maxQueued allows no more`,
  retryable: true,
})

export const loaderClosed: ErrorFactory<{ entry: string }> = defineError({
  code: 'SOMON_LOAD_CLOSED',
  when: 'An entry was asked for after the loader had been closed.',
  remedy: 'Load before shutdown(), or make a new ModuleSystem',
  message: ({ entry }) => `Cannot load "${entry}": the loader is closed; it serves no more entries`,
})

export const notAnEntry: ErrorFactory<{ specifier: string; what: string }> = defineError({
  code: 'SOMON_LOAD_NOT_AN_ENTRY',
  when: 'A file asks for an artifact of something that Node loads itself.',
  remedy: 'Import it with "import" or "import()", or list the package in loading.inline',
  message: ({ specifier, what }) =>
    `Cannot load "${specifier}": it is ${what}; an entry is a source file`,
})
