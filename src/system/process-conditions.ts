/**
 * Returns the export conditions that this process was started with, so that what a bundle leaves
 * to Node is found where Node finds it.
 *
 * @param execArgv - `process.execArgv`
 * @param nodeOptions - the variable NODE_OPTIONS; quoting is not needed for condition names
 */
export function processConditions(
  execArgv: readonly string[],
  nodeOptions: string | undefined,
): readonly string[] {
  const args = [...(nodeOptions ?? '').split(/\s+/), ...execArgv]
  const conditions = new Set<string>()
  for (const [index, arg] of args.entries()) {
    const flag = arg === '-C' || arg === '--conditions'
    const name = flag ? args[index + 1] : /^--conditions=(.+)$/.exec(arg)?.[1]
    if (name !== undefined && name !== '') conditions.add(name)
  }
  return [...conditions]
}
