// esbuild's service: Go's collector off, answers gathered, and the price of one call.
// Usage: node docs/notes/measure/esbuild-service.js gogc|writes|calls
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { subscribe } from 'node:diagnostics_channel'
import { fileURLToPath } from 'node:url'

const [, , question = '', child = ''] = process.argv
const self = fileURLToPath(import.meta.url)
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]

if (child !== '') await measure()
else if (question === 'gogc')
  compare({ 'collector on': {}, 'GOGC=off': { GOGC: 'off' } }, 'ms of CPU for one build')
else if (question === 'writes')
  compare(
    { 'one by one': { GATHER: '' }, gathered: { GATHER: '1' } },
    'ms of CPU for one rebuild, both processes',
  )
else if (question === 'calls') compare({ transform: {} }, 'ms for one call')
else throw new Error('Name a question: gogc, writes or calls')

function compare(variants, unit) {
  const times = Object.fromEntries(Object.keys(variants).map((name) => [name, []]))
  for (let run = 0; run < 9; run += 1) {
    for (const [name, env] of Object.entries(variants)) {
      const args = [self, question, 'child']
      const { stdout } = spawnSync(process.execPath, args, {
        env: { ...process.env, ...env },
        encoding: 'utf8',
      })
      times[name].push(Number(stdout))
    }
  }
  console.log(`Node ${process.version}, 9 interleaved processes, ${unit}`)
  for (const [name, values] of Object.entries(times)) {
    console.log(
      `${name}: median ${median(values).toFixed(1)}, min ${Math.min(...values).toFixed(1)}`,
    )
  }
}

async function measure() {
  let service
  subscribe('child_process', (message) => {
    service ??= message.process
  })
  const esbuild = await import('esbuild')
  const folder = mkdtempSync(join(tmpdir(), 'somon-note-'))
  const files = Array.from({ length: 200 }, (_, at) => join(folder, `m${at}.ts`))
  for (const [at, file] of files.entries()) {
    const body = Array.from(
      { length: question === 'writes' ? 2 : 60 },
      (_, n) => `export const f${n} = (x: number): number => x * ${at} + ${n}`,
    )
    writeFileSync(file, body.join('\n'))
  }
  const entry = join(folder, 'entry.ts')
  writeFileSync(entry, files.map((_, at) => `export * as m${at} from './m${at}.ts'`).join('\n'))
  const base = { bundle: true, format: 'esm', platform: 'node', write: false, logLevel: 'silent' }
  try {
    if (question === 'gogc') {
      await esbuild.build({ ...base, entryPoints: [entry] })
      process.stdout.write(String(cpuOf(service.pid)))
    } else if (question === 'writes') {
      process.stdout.write(String(await rebuilds(esbuild, base, entry, () => service)))
    } else {
      const times = []
      for (let call = 0; call < 200; call += 1) {
        const started = performance.now()
        await esbuild.transform('export const x: number = 1', { loader: 'ts' })
        times.push(performance.now() - started)
      }
      process.stdout.write(String(median(times)))
    }
  } finally {
    await esbuild.stop()
    rmSync(folder, { recursive: true })
  }
}

/** Milliseconds, in steps of ten: Linux counts hundredths of a second. */
function cpuOf(pid) {
  const [, rest = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')
  const [user = 0, system = 0] = rest.split(' ').slice(11, 13).map(Number)
  return (user + system) * 10
}

/** The plugin answers for every file, as the reader of somon does. */
async function rebuilds(esbuild, base, entry, service) {
  const reader = {
    name: 'reader',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => ({
        contents: readFileSync(path),
        loader: 'ts',
        resolveDir: dirname(path),
      }))
    },
  }
  const context = await esbuild.context({ ...base, entryPoints: [entry], plugins: [reader] })
  await context.rebuild()
  if (process.env.GATHER === '1') gather(service().stdin)
  const before = cpuOf(process.pid) + cpuOf(service().pid)
  for (let build = 0; build < 40; build += 1) await context.rebuild()
  const after = cpuOf(process.pid) + cpuOf(service().pid)
  await context.dispose()
  return (after - before) / 40
}

function gather(stream) {
  const write = stream.write.bind(stream)
  let waiting = false
  stream.write = (...args) => {
    if (!waiting) {
      waiting = true
      stream.cork()
      process.nextTick(() => {
        waiting = false
        stream.uncork()
      })
    }
    return write(...args)
  }
}
