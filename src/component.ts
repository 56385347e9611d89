export type { DisposeHook, Hot } from './evaluate/hot.ts'
export type { SomonImportMeta } from './evaluate/import-meta.ts'
