import { verifyRefused } from './errors.ts'

/**
 * Lets an export of a new generation judge it: a throw or `false` keeps the old one.
 *
 * @throws SomonError SOMON_CLI_VERIFY_REFUSED, or what the export throws
 */
export async function verifyExport(
  exports: Readonly<Record<string, unknown>>,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  const check = exports[name]
  if (typeof check !== 'function') throw verifyRefused({ name, why: 'there is no such function' })
  const verdict: unknown = await check(signal)
  if (verdict === false) throw verifyRefused({ name, why: 'it returned false' })
}
