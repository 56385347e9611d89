import { createRig } from './rig.ts'

/** One process of several on a cache: loads what its folder holds and prints what it got. */
const root = process.argv[2] ?? ''
await using rig = createRig(root)
const entries = ['src/main.ts', 'src/a.ts', 'src/b.ts', 'src/c.ts']
const loaded = await Promise.all(entries.map((entry) => rig.loader.artifact(entry)))
await rig.loader.settled()
process.stdout.write(
  JSON.stringify({
    ids: loaded.map(({ artifact }) => artifact.id),
    sources: loaded.map(({ source }) => source),
    servicePid: rig.bundler.stats().servicePid ?? null,
  }),
)
