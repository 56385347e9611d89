// What a measured child tells the harness, as the last line it prints.

/**
 * @param {unknown} proof describes the work done; equal for all variants of a case
 * @param {Record<string, number>} values metrics that only the child can measure
 */
export function report(proof, values = {}) {
  const text = JSON.stringify({ proof: JSON.stringify(proof), values })
  process.stdout.write(`\nbench-report ${text}\n`)
}
