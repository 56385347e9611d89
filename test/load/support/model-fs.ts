import { digest } from '../../../src/base/digest.ts'
import type { InputFile } from '../../../src/bundle/build-inputs.ts'
import type { InputsManifest } from '../../../src/load/manifest.ts'
import type { FileStat, SyncFs } from '../../../src/load/sync-fs.ts'

interface ModelFile {
  text: string
  stat: FileStat
}

/**
 * A file system as data: times move only as told, so that what a clock's granularity hides can be
 * written down. Counts what it is asked.
 */
export class ModelFs implements SyncFs {
  readonly files = new Map<string, ModelFile>()
  readonly links = new Map<string, string>()
  readonly dirs = new Map<string, { mtimeMs: number; names: string }>()
  readonly variables = new Map<string, string>()
  readonly calls = { stat: 0, hash: 0, link: 0, names: 0 }
  #inode = 1

  write(path: string, text: string, mtimeMs: number, ctimeMs = mtimeMs): void {
    const ino = this.files.get(path)?.stat.ino ?? (this.#inode += 1)
    this.files.set(path, { text, stat: { size: text.length, mtimeMs, ctimeMs, ino } })
  }

  stat(path: string): FileStat | undefined {
    this.calls.stat += 1
    const dir = this.dirs.get(path)
    if (dir !== undefined) return { size: 0, mtimeMs: dir.mtimeMs, ctimeMs: dir.mtimeMs, ino: 1 }
    return this.files.get(path)?.stat
  }

  hash(path: string): { stat: FileStat; sha256: string } | undefined {
    this.calls.hash += 1
    const file = this.files.get(path)
    return file && { stat: file.stat, sha256: digest(file.text) }
  }

  link(path: string): string | undefined {
    this.calls.link += 1
    return this.links.get(path)
  }

  names(path: string): string | undefined {
    this.calls.names += 1
    const dir = this.dirs.get(path)
    return dir && digest(dir.names)
  }

  env(name: string): string | undefined {
    return this.variables.get(name)
  }

  /** The record that a build of everything there is now would leave. */
  manifest(validatedAt: number, parts: Partial<InputsManifest> = {}): InputsManifest {
    return {
      format: 1,
      key: digest('key'),
      artifact: digest('artifact'),
      builtAt: validatedAt,
      validatedAt,
      files: [...this.files].map(([path, { text, stat }]): InputFile => {
        const { size, mtimeMs, ctimeMs, ino } = stat
        return [path, digest(text), size, mtimeMs, ctimeMs, ino, 'bundle']
      }),
      dirs: [...this.dirs].map(([path, dir]) => [path, dir.mtimeMs, digest(dir.names)] as const),
      symlinks: [...this.links],
      absent: [],
      env: [...this.variables].map(([name, value]) => [name, digest(value)] as const),
      ...parts,
    }
  }
}
