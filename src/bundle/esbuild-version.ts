/**
 * The version of esbuild that is part of every fingerprint; a test holds it to the installed one.
 * It stands alone because a start from the cache needs it and nothing else of esbuild.
 */
export const ESBUILD_VERSION = '0.28.2'
