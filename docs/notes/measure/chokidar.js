// What chokidar does with a path that is watched again, and with a folder behind a link.
// Usage: node docs/notes/measure/chokidar.js
import { watch } from 'chokidar'
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

const manifest = new URL('../../../node_modules/chokidar/package.json', import.meta.url)
console.log(
  `chokidar ${JSON.parse(readFileSync(manifest, 'utf8')).version}, Node ${process.version}`,
)
const folder = mkdtempSync(join(tmpdir(), 'somon-note-'))

async function seenBy(options, paths, act) {
  const watcher = watch(paths, {
    ignoreInitial: true,
    atomic: false,
    backend: 'native',
    ...options,
  })
  const seen = []
  watcher.on('all', (event, path) => seen.push(`${event} ${basename(path)}`))
  await once(watcher, 'ready')
  await act(watcher)
  await delay(500)
  await watcher.close()
  return seen.length === 0 ? 'nothing' : seen.join(', ')
}

/** A folder with one file in it. */
function made(name) {
  mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, name, 'a.ts'), '1')
  return join(folder, name)
}

const again = made('again')
const unwatched = await seenBy({ depth: 0 }, again, async (watcher) => {
  watcher.unwatch(join(again, 'a.ts'))
  watcher.unwatch(again)
  watcher.add(again)
  await delay(200)
  writeFileSync(join(again, 'a.ts'), '22')
})
console.log(`a change after unwatch() of file and folder and add() of the folder: ${unwatched}`)

const exchanged = made('exchanged')
const other = made('other')
writeFileSync(join(other, 'a.ts'), '2')
const seen = await seenBy({ depth: 0 }, exchanged, async () => {
  renameSync(exchanged, join(folder, 'old'))
  renameSync(other, exchanged)
  await delay(200)
})
console.log(`a folder exchanged for another with another a.ts: ${seen}`)

const remade = made('remade')
const later = await seenBy({ depth: 0 }, remade, async () => {
  rmSync(remade, { recursive: true })
  await delay(200)
  made('remade')
  await delay(200)
  writeFileSync(join(remade, 'b.ts'), '1')
})
console.log(`a folder removed and made again with a.ts, then b.ts: ${later}`)

const behind = made('behind')
const link = join(folder, 'link')
symlinkSync(behind, link, 'junction')
const linked = await seenBy({ followSymlinks: false, depth: 0 }, link, () => {
  writeFileSync(join(behind, 'a.ts'), '22')
})
console.log(`a change in a folder that is watched by its link: ${linked}`)
rmSync(folder, { recursive: true })
