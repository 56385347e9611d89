// What importing a module of Node costs a start: CPU of a whole process above an empty one.
// Usage: node docs/notes/measure/start-cost.js [runs]
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const runs = Number(process.argv[2] ?? 15)
const report = 'const u = process.cpuUsage(); process.stdout.write(String(u.user + u.system))'
const importing = (...names) => names.map((name) => `import 'node:${name}'`).join(';')
const requiring = (...names) =>
  `const r = process.getBuiltinModule('node:module').createRequire('/x.js');${names
    .map((name) => `r('node:${name}')`)
    .join(';')}`
const usual = ['crypto', 'fs', 'os', 'path', 'url']
const programs = {
  empty: '',
  'global performance': 'performance.now()',
  'import node:perf_hooks': importing('perf_hooks'),
  'import node:util': importing('util'),
  'import node:inspector': importing('inspector'),
  'import node:child_process': importing('child_process'),
  [`import ${usual.join(', ')}`]: importing(...usual),
  [`require ${usual.join(', ')}`]: requiring(...usual),
}
// Files, because --eval loads modules of its own.
const folder = mkdtempSync(join(tmpdir(), 'somon-note-'))
const files = Object.entries(programs).map(([name, program], at) => {
  const file = join(folder, `${at}.mjs`)
  writeFileSync(file, `${program};${report}`)
  return [name, file]
})
const times = Object.fromEntries(Object.keys(programs).map((name) => [name, []]))
for (let run = 0; run < runs; run += 1) {
  for (const [name, file] of files) {
    const { stdout } = spawnSync(process.execPath, [file], { encoding: 'utf8' })
    times[name].push(Number(stdout) / 1000)
  }
}
rmSync(folder, { recursive: true })
const middle = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]
console.log(`Node ${process.version}, ${runs} interleaved runs, ms of CPU above an empty module`)
for (const [name, values] of Object.entries(times)) {
  const above = (of) => (of(values) - of(times.empty)).toFixed(1)
  console.log(`${name}: median ${above(middle)}, min ${above((all) => Math.min(...all))}`)
}
