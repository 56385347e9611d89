import type { CommandContext } from '../command.ts'
import { bundleOnce, writeReports } from '../bundle-once.ts'
import { prepareBundle } from '../prepare-bundle.ts'

/** `somon bundle`: files on disk, made by esbuild alone where no plugin is needed. */
export async function run(context: CommandContext): Promise<number> {
  await using bundle = await prepareBundle(context)
  if (!context.flags.isOn('watch')) return await bundleOnce(context, bundle)
  const { watchBundle } = await import('../watch-bundle.ts')
  return await watchBundle(context, bundle, async (result) => {
    await writeReports(context, bundle, result)
  })
}
