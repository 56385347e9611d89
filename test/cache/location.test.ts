import { posix, win32 } from 'node:path'
import { describe, expect, test } from 'vitest'
import { digest } from '../../src/base/digest.ts'
import { cacheDir } from '../../src/cache/location.ts'

const unix = { root: '/work/app', configured: undefined, xdgCacheHome: undefined, home: '/home/me' }
const windows = {
  root: 'C:\\work\\app',
  configured: undefined,
  xdgCacheHome: undefined,
  home: 'C:\\Users\\me',
}
const no = (): boolean => false
const yes = (): boolean => true

describe('cacheDir()', () => {
  test('takes the configured directory, relative to the root', () => {
    expect(cacheDir({ ...unix, configured: '/var/cache' }, posix, yes)).toBe('/var/cache')
    expect(cacheDir({ ...unix, configured: 'c' }, posix, yes)).toBe('/work/app/c')
    expect(cacheDir({ ...windows, configured: 'D:\\c' }, win32, yes)).toBe('D:\\c')
  })

  test('lies in node_modules where there is one', () => {
    const asked: string[] = []
    const exists = (file: string): boolean => asked.push(file) > 0

    expect(cacheDir(unix, posix, exists)).toBe('/work/app/node_modules/.cache/somon')
    expect(cacheDir(windows, win32, yes)).toBe('C:\\work\\app\\node_modules\\.cache\\somon')
    expect(asked).toEqual(['/work/app/node_modules'])
  })

  test('lies in the cache folder of the user otherwise, one for each root', () => {
    const name = digest(unix.root).slice(0, 32)

    const found = [
      cacheDir(unix, posix, no),
      cacheDir({ ...unix, xdgCacheHome: '/xdg' }, posix, no),
      cacheDir({ ...unix, xdgCacheHome: 'relative' }, posix, no),
      cacheDir({ ...unix, xdgCacheHome: '' }, posix, no),
    ]

    expect(found).toEqual([
      `/home/me/.cache/somon/${name}`,
      `/xdg/somon/${name}`,
      `/home/me/.cache/somon/${name}`,
      `/home/me/.cache/somon/${name}`,
    ])
    expect(cacheDir({ ...unix, root: '/other' }, posix, no)).not.toBe(found[0])
    expect(cacheDir(windows, win32, no)).toMatch(/^C:\\Users\\me\\\.cache\\somon\\[0-9a-f]{32}$/)
  })
})
