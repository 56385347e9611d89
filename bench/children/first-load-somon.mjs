import { ModuleSystem } from '../../dist/index.js'
import { report } from './report.mjs'

const [root] = process.argv.slice(2)

await using system = new ModuleSystem({ root })
const { exports } = await system.load('./main.ts')
const answer = exports.greet('you')
// Since the process began; ending it is no part of the question.
report(answer, { answerMs: performance.now() })
