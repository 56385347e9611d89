/** What a measured child says about its run, as the last line it prints. */
export interface ChildReport {
  /** Describes the work done; equal for all variants of a case. */
  readonly proof: string
  /** Metrics that only the child can measure. */
  readonly values: Readonly<Record<string, number>>
}

const MARK = 'bench-report '

/** Reads the report of a child from what it printed. */
export function reportedBy(stdout: string): ChildReport | undefined {
  const line = stdout.split('\n').findLast((text) => text.startsWith(MARK))
  return line === undefined ? undefined : (JSON.parse(line.slice(MARK.length)) as ChildReport)
}

/** The proof of a child that reports one. */
export function reportedProof(run: { readonly stdout: string }): string {
  const report = reportedBy(run.stdout)
  if (report === undefined) throw new Error(`no report: ${run.stdout.slice(0, 200)}`)
  return report.proof
}
