// What the least that could do the work costs: the floors below which no target can be met.
// Usage: node docs/notes/measure/floors.js start|bundle|rebuild [runs]
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { Script } from 'node:vm'

const [, , question = '', count = '15'] = process.argv
const runs = Number(count)
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..')
const require = createRequire(import.meta.url)
const folder = mkdtempSync(join(tmpdir(), 'somon-floors-'))
const program = join(
  root,
  'node_modules',
  '@esbuild',
  `${process.platform}-${process.arch}`,
  'bin',
  'esbuild',
)
const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
const rxjs = join(root, 'node_modules', 'rxjs', 'src', 'index.ts')
const flags = [
  '--bundle',
  '--format=esm',
  '--platform=node',
  '--packages=external',
  '--log-level=error',
]

try {
  if (question === 'start') start()
  else if (question === 'bundle') bundle()
  else if (question === 'rebuild') await rebuild()
  else throw new Error('Name a question: start, bundle or rebuild')
} finally {
  rmSync(folder, { recursive: true })
}

/** Node on a prebuilt bundle against a script that only stats the inputs and runs a V8 code cache. */
function start() {
  const bundleFile = join(folder, 'bundle.mjs')
  spawnSync(program, [rxjs, ...flags, `--outfile=${bundleFile}`])
  const text = readFileSync(bundleFile, 'utf8').replace(/^export \{[^]*$/m, '')
  const wrapped = `(function () {"use strict";${text}\n})`
  const script = new Script(wrapped)
  script.runInThisContext()()
  writeFileSync(join(folder, 'code.js'), wrapped)
  writeFileSync(join(folder, 'code.cache'), script.createCachedData())
  const files = filesBelow(dirname(rxjs)).map((file) => {
    const { size, mtimeMs, ctimeMs, ino } = statSync(file)
    return [file, size, mtimeMs, ctimeMs, ino]
  })
  writeFileSync(join(folder, 'record.json'), JSON.stringify(files))
  const floor = join(folder, 'floor.mjs')
  const least = `const fs = process.getBuiltinModule('node:fs')
    const vm = process.getBuiltinModule('node:vm')
    for (const [file, size, mtimeMs, ctimeMs, ino] of JSON.parse(fs.readFileSync(${JSON.stringify(join(folder, 'record.json'))}, 'utf8'))) {
      const stat = fs.statSync(file, { throwIfNoEntry: false })
      if (stat.size !== size || stat.mtimeMs !== mtimeMs || stat.ctimeMs !== ctimeMs || stat.ino !== ino) throw new Error(file)
    }
    const text = fs.readFileSync(${JSON.stringify(join(folder, 'code.js'))}, 'latin1')
    const cachedData = fs.readFileSync(${JSON.stringify(join(folder, 'code.cache'))})
    new vm.Script(text, { filename: 'floor', cachedData }).runInThisContext()()`
  writeFileSync(floor, least)
  const imports = join(folder, 'imports.mjs')
  const somon = join(root, 'dist', 'index.js')
  if (!existsSync(somon)) throw new Error('Build somon first: npm run build')
  writeFileSync(imports, `import ${JSON.stringify(pathToFileURL(somon).href)}\n${least}`)
  const empty = join(folder, 'empty.mjs')
  writeFileSync(empty, '')
  compare(
    {
      'node, empty module': [process.execPath, empty],
      'node, prebuilt bundle of rxjs': [process.execPath, bundleFile],
      [`stat of ${files.length} inputs and a V8 code cache`]: [process.execPath, floor],
      'the same, and importing somon': [process.execPath, imports],
    },
    'ms of CPU',
  )
}

/** esbuild's own launcher against Node that starts esbuild's program and does nothing else. */
function bundle() {
  const out = `--outfile=${join(folder, 'out.mjs')}`
  const floor = join(folder, 'floor.cjs')
  const command = [rxjs, ...flags, out, `--metafile=${join(folder, 'meta.json')}`]
  writeFileSync(
    floor,
    `const { spawnSync } = require('node:child_process')
    process.exitCode = spawnSync(${JSON.stringify(program)}, ${JSON.stringify(command)}, { stdio: 'inherit', env: { ...process.env, GOGC: 'off' } }).status`,
  )
  compare(
    {
      "esbuild's launcher": [
        process.execPath,
        join(root, 'node_modules', 'esbuild', 'bin', 'esbuild'),
        rxjs,
        ...flags,
        out,
      ],
      'esbuild, native': [program, rxjs, ...flags, out],
      'node that starts it': [process.execPath, floor],
    },
    'ms of CPU, children included',
  )
}

/** `context.rebuild()` without plugins, below a package.json with and without a type. */
async function rebuild() {
  const esbuild = require('esbuild')
  for (const type of ['"type": "module"', '"private": true']) {
    for (const modules of [1, 100]) {
      const project = join(folder, `${modules}-${type.length}`)
      mkdirSync(project)
      writeFileSync(join(project, 'package.json'), `{ "name": "floor", ${type} }`)
      for (let at = 1; at < modules; at += 1) {
        const lines = Array.from(
          { length: 60 },
          (_, n) => `export const f${n} = (x: number): number => x * ${at} + ${n}`,
        )
        writeFileSync(join(project, `m${at}.ts`), lines.join('\n'))
      }
      const imports = Array.from(
        { length: modules - 1 },
        (_, at) => `export * as m${at + 1} from './m${at + 1}.ts'`,
      )
      const entry = join(project, 'entry.ts')
      writeFileSync(entry, imports.join('\n'))
      const context = await esbuild.context({
        entryPoints: [entry],
        bundle: true,
        write: false,
        metafile: true,
        format: 'esm',
        platform: 'node',
      })
      const times = []
      for (let run = 0; run < 60; run += 1) {
        writeFileSync(entry, `${imports.join('\n')}\nexport const version = ${run}`)
        const from = performance.now()
        await context.rebuild()
        if (run >= 20) times.push(performance.now() - from)
      }
      await context.dispose()
      console.log(
        `${modules} modules, ${type}: median ${median(times).toFixed(1)} ms, min ${Math.min(...times).toFixed(1)}`,
      )
    }
  }
  await esbuild.stop()
}

function filesBelow(top) {
  return readdirSync(top, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function compare(variants, unit) {
  const times = Object.fromEntries(Object.keys(variants).map((name) => [name, []]))
  for (let run = 0; run < runs; run += 1) {
    const names = Object.keys(variants)
    for (const name of run % 2 === 0 ? names : names.toReversed()) {
      times[name].push(cpuOf(variants[name]))
    }
  }
  console.log(`Node ${process.version}, ${runs} interleaved processes, ${unit}`)
  const [first] = Object.values(times)
  for (const [name, values] of Object.entries(times)) {
    const ratio = (median(values) / median(first)).toFixed(2)
    console.log(
      `${name}: median ${median(values).toFixed(1)}, min ${Math.min(...values).toFixed(1)}, ${ratio} x the first`,
    )
  }
}

/** User and system time of a command and all it waits for, as the shell's `times` prints it. */
function cpuOf(command) {
  const { stdout } = spawnSync('bash', ['-c', '"$@" >/dev/null; times', 'bash', ...command], {
    encoding: 'utf8',
  })
  const children = stdout.trim().split('\n').at(-1) ?? ''
  return children.split(' ').reduce((sum, part) => {
    const [minutes = '0', seconds = '0'] = part.replace('s', '').split('m')
    return sum + (Number(minutes) * 60 + Number(seconds)) * 1e3
  }, 0)
}
