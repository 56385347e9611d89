/** Cold: nothing is read from or written to jiti's cache folder. */
export const jitiOptions = { fsCache: false }

/** Reloading: modules are evaluated again by the next import. */
export const jitiReloadOptions = { fsCache: false, moduleCache: false }
