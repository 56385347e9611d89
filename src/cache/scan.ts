import { promises } from 'node:fs'
import { join } from 'node:path'
import { allocatedBytes, SPACES, VERSION_FOLDER, type Space } from './disk-layout.ts'

/** One file of a disk cache. */
export interface CacheFile {
  /** `space/name`; `tmp/<name>` for what a writer left behind. */
  readonly key: string
  readonly space: Space | 'tmp'
  readonly file: string
  /** What it takes on disk, in whole blocks. */
  readonly bytes: number
  readonly mtimeMs: number
}

/** Lists a disk cache; what goes away meanwhile is left out. Never part of a load. */
export async function scan(dir: string): Promise<CacheFile[]> {
  const base = join(dir, VERSION_FOLDER)
  const found: CacheFile[] = await listFolder(join(base, 'tmp'), 'tmp')
  for (const space of SPACES) {
    for (const shard of await namesOf(join(base, space))) {
      found.push(...(await listFolder(join(base, space, shard), space)))
    }
  }
  return found
}

async function listFolder(folder: string, space: Space | 'tmp'): Promise<CacheFile[]> {
  const names = await namesOf(folder)
  const files = await Promise.all(names.map((name) => describe(folder, name, space)))
  return files.filter((file) => file !== undefined)
}

async function describe(
  folder: string,
  name: string,
  space: Space | 'tmp',
): Promise<CacheFile | undefined> {
  const file = join(folder, name)
  try {
    const { size, mtimeMs } = await promises.stat(file)
    return { key: `${space}/${name}`, space, file, bytes: allocatedBytes(size), mtimeMs }
  } catch {
    return undefined
  }
}

async function namesOf(folder: string): Promise<string[]> {
  try {
    return await promises.readdir(folder)
  } catch {
    return []
  }
}
