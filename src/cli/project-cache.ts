import { homedir } from 'node:os'
import { cacheDir } from '../cache/location.ts'
import type { Settings } from '../config/settings.ts'
import type { DiskCacheOptions } from '../system/disk-cache.ts'
import type { CliHost } from './host.ts'

/** Takes from the settings where the disk cache lies and how far it may grow. */
export function cacheOptions({ root, cache }: Settings, host: CliHost): DiskCacheOptions {
  const { mode, maxBytes, maxAgeMs, dir } = cache.disk
  const location = {
    root,
    configured: dir ?? undefined,
    xdgCacheHome: host.env.XDG_CACHE_HOME,
    home: homedir(),
  }
  return { dir: cacheDir(location), mode, maxBytes, maxAgeMs, secret: cache.secret ?? undefined }
}
