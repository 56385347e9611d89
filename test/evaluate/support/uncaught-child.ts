/** Lets a module throw where nobody catches; Node prints the error and ends the process. */
import { createRig } from './evaluator.ts'
import { identityMap, wrapped } from './wrapped.ts'

const rig = createRig('/project')
const throwing = {
  timer: 'setTimeout(fail, 1)',
  rejection: 'Promise.resolve().then(fail)',
}[process.argv[2] ?? '']
const artifact = wrapped({
  body: `function fail() {\nthrow new Error("uncaught", { cause: new TypeError("inner") })\n}\n${throwing}`,
})
rig.maps.set(artifact.id, identityMap('src/a.ts', 4, 40))
await rig.start(artifact)
