import { defineError, type ErrorFactory } from '../base/error.ts'

/** The cache directory belongs to somebody who could put code into it. */
export const foreignOwner: ErrorFactory<{
  readonly dir: string
  readonly owner: number
  readonly user: number
}> = defineError({
  code: 'SOMON_CACHE_FOREIGN_OWNER',
  when: 'The cache directory belongs to another user, whose code would be executed.',
  remedy: 'Set SOMON_CACHE_DIR to a directory of your own, or remove this one',
  message: ({ dir, owner, user }) =>
    `Cannot use cache directory "${dir}": it belongs to user ${owner}; ` +
    `what is executed from it must belong to user ${user} or to root`,
})
