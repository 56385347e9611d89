import { relative } from 'node:path'
import { parseArgs } from 'node:util'
import { ask, REFERENCE_PAIRS } from './harness/ask.ts'
import { root } from './harness/paths.ts'
import type { Question } from './harness/question.ts'
import { sectionOf } from './harness/report.ts'
import { saveResult, writeReadme } from './harness/store.ts'
import { questions } from './questions.ts'

/**
 * `npm run bench -- [question …] [--gate] [--pairs=N] [--list] [--readme]`
 *
 * Ends with 0; 1 when a variant of ours fails or, with `--gate`, a gated target is missed; 2 for a
 * wrong call; 3 when the machine could not answer: the first variant differs from itself.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    gate: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    readme: { type: 'boolean', default: false },
    pairs: { type: 'string' },
  },
})
const names = questions.map(({ name }) => name)
const unknown = positionals.filter((name) => !names.includes(name))
const pairs = Number(values.pairs ?? (values.gate ? 7 : REFERENCE_PAIRS))

if (unknown.length > 0 || !Number.isInteger(pairs) || pairs < 1) {
  console.error(
    `Cannot run "${[...unknown, values.pairs ?? ''].join(' ').trim()}": known questions are`,
  )
  console.error(names.join('\n'))
  process.exitCode = 2
} else if (values.list) {
  for (const { name, title } of questions) console.log(`${name.padEnd(20)} ${title}`)
} else if (values.readme) {
  console.log(relative(root, await writeReadme(names)))
} else {
  const wanted = positionals.length > 0 ? positionals : names
  process.exitCode = await run(questions.filter(({ name }) => wanted.includes(name)))
}

async function run(chosen: readonly Question[]): Promise<number> {
  let code = 0
  for (const question of chosen) {
    if (values.gate && !question.targets.some((target) => target.gate)) continue
    const result = await ask(question, { pairs, gate: values.gate })
    console.log(`\n${sectionOf(result)}\n`)
    console.log(`Saved as ${relative(root, await saveResult(result, { gate: values.gate }))}`)
    const broken = result.targets.some(({ verdict }) => verdict === 'failed')
    const missed = values.gate && result.targets.some(({ verdict }) => verdict === 'missed')
    if (broken || missed) code = 1
    else if (!result.self.valid && code === 0) code = 3
  }
  if (!values.gate) await writeReadme(names)
  return code
}
