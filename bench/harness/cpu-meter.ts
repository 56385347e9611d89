import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { RUN_TIMEOUT_MS, runCommand, type Command, type ProcessRun } from './process-run.ts'

/**
 * Measures the CPU time of a whole process tree.
 *
 * esbuild's service outlives the process that started it, so `process.cpuUsage()`, `time` and a
 * plain wait miss half of a build and more. A control group counts everybody in it; where none
 * can be made, a subreaper inherits the orphans and waits for them.
 */
export interface CpuMeter {
  readonly name: 'cgroup' | 'tree'
  measure(command: Command): Promise<ProcessRun>
  close(): void
}

/** Opens the meter asked for, or the best one that works here. */
export function openCpuMeter(wanted?: CpuMeter['name']): CpuMeter {
  const group = wanted === 'tree' ? undefined : openGroup()
  if (group !== undefined) return cgroupMeter(group)
  if (wanted === 'cgroup') throw new Error('Cannot measure CPU: no control group can be made')
  return treeMeter()
}

interface Group {
  readonly folder: string
  readonly procs: string
  usageMs(): number
}

/** Makes a control group for the measured processes: version 2, else `cpuacct` of version 1. */
function openGroup(): Group | undefined {
  const name = `somon-bench-${process.pid}`
  for (const candidate of groupParents()) {
    const folder = join(candidate.parent, name)
    try {
      mkdirSync(folder)
      const group = {
        folder,
        procs: join(folder, 'cgroup.procs'),
        usageMs: candidate.usage(folder),
      }
      group.usageMs()
      return group
    } catch {
      removeFolder(folder)
    }
  }
  return undefined
}

function groupParents(): { parent: string; usage: (folder: string) => () => number }[] {
  let own = ''
  try {
    own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? ''
  } catch {
    return []
  }
  return [
    {
      parent: join('/sys/fs/cgroup', own),
      usage: (folder) => () => {
        const stat = readFileSync(join(folder, 'cpu.stat'), 'utf8')
        return Number(/^usage_usec (\d+)$/m.exec(stat)?.[1]) / 1000
      },
    },
    {
      parent: '/sys/fs/cgroup/cpuacct',
      usage: (folder) => () => Number(readFileSync(join(folder, 'cpuacct.usage'), 'utf8')) / 1e6,
    },
  ]
}

function cgroupMeter(group: Group): CpuMeter {
  // The shell puts itself into the group and becomes the command: nothing runs outside of it.
  const enter = ['/bin/sh', '-c', 'echo $$ > "$0" && exec "$@"', group.procs] as const
  return {
    name: 'cgroup',
    async measure(command) {
      const before = group.usageMs()
      const inGroup: Command = { ...command, argv: [...enter, ...command.argv] }
      const run = await runCommand(inGroup, () => empty(group))
      return { ...run, cpuMs: group.usageMs() - before }
    },
    close: () => removeFolder(group.folder),
  }
}

/** Gives what outlived its parent five seconds to end by itself, then ends it. */
async function empty(group: Group): Promise<void> {
  for (let attempt = 0; attempt < 2000; attempt += 1) {
    const pids = readFileSync(group.procs, 'utf8').split('\n').filter(Boolean)
    if (pids.length === 0) return
    if (attempt > 1000) for (const pid of pids) killIfThere(Number(pid))
    await sleep(5)
  }
  throw new Error(`Cannot end the measured processes of ${group.folder}`)
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has just ended: that is what was wanted.
  }
}

function removeFolder(folder: string): void {
  try {
    rmdirSync(folder)
  } catch {
    // Never made, or not ours to remove: the group is empty and costs nothing.
  }
}

function treeMeter(): CpuMeter {
  const report = join(tmpdir(), `somon-bench-${process.pid}.json`)
  const script = join(import.meta.dirname, 'tree-cpu.py')
  return {
    name: 'tree',
    async measure(command) {
      writeFileSync(report, '')
      const argv = ['python3', script, report, String(RUN_TIMEOUT_MS / 1000)] as const
      const run = await runCommand({ ...command, argv: [...argv, ...command.argv] })
      const measured = await readFile(report, 'utf8')
      if (measured === '') throw new Error(`Cannot measure CPU with python3: ${run.stderr}`)
      const { cpuMs, wallMs, exitCode } = JSON.parse(measured) as ProcessRun
      await rm(report, { force: true })
      return { ...run, cpuMs, wallMs, exitCode }
    },
    close: () => {},
  }
}
