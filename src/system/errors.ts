import { defineError, type ErrorFactory } from '../base/error.ts'

/** `clean` would delete something that is not an output. */
export const cleanRefused: ErrorFactory<{ folder: string; because: string }> = defineError({
  code: 'SOMON_SYSTEM_CLEAN_REFUSED',
  when: 'the output folder that is to be cleaned holds more than outputs',
  remedy: 'choose an output folder of its own with --outdir, or leave --clean out',
  message: ({ folder, because }) => `Cannot clean "${folder}": ${because}`,
})
