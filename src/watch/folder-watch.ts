import type { NamesOfInterest } from './plan.ts'

/** One folder to be opened. */
export interface FolderRequest {
  readonly folder: string
  readonly names: NamesOfInterest
  readonly pollMs: number
  /** True for a folder on the way to a target: that it cannot be read is no fault. */
  readonly isOptional: boolean
}

/** What an open folder tells. It may tell too much; it must not tell too little. */
export interface FolderListener {
  /**
   * Something happened to a name in the folder, or to the folder itself when it is undefined.
   *
   * @param isChange - it is about contents, not about a name that comes or goes
   */
  touched(name: string | undefined, isChange: boolean): void
  /** An event arrived, of interest or not. */
  counted(): void
  failed(error: unknown): void
}

/** One open folder. */
export interface FolderHandle {
  readonly ready: Promise<void>
  close(): Promise<void>
}
