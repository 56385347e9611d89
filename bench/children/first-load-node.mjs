import { report } from './report.mjs'

report({ to: 'you', text: 'hello' }, { answerMs: performance.now() })
