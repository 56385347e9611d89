import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'
import type { Writable } from 'node:stream'

/**
 * Runs the call that may start esbuild's service and learns the pid of what it spawned.
 *
 * esbuild's command line switches Go's garbage collector off for one entry, its service never does:
 * with `GOGC=off` and a memory limit a build takes a third to a half less CPU
 * (docs/notes/esbuild.md). The child is spawned synchronously and inherits the environment, so the
 * variables are set for the duration of the call only. Values the user has set stay.
 *
 * @param call - must make the first call of esbuild's API before it returns
 * @returns the pid; undefined when a service was running already
 */
export function spawnService<T>(
  call: () => T,
  memoryLimitBytes: number,
  env: NodeJS.ProcessEnv,
): { readonly result: T; readonly pid: number | undefined } {
  const spawned: Spawned[] = []
  const onSpawn = (message: unknown): void => {
    if (isSpawnMessage(message)) spawned.push(message.process)
  }
  const restore = setVariables(env, {
    GOGC: 'off',
    GOMEMLIMIT: `${Math.floor(memoryLimitBytes)}B`,
  })
  subscribe('child_process', onSpawn)
  try {
    const result = call()
    const child = spawned[0]
    if (child?.stdin) gatherWrites(child.stdin)
    return { result, pid: child?.pid }
  } finally {
    unsubscribe('child_process', onSpawn)
    restore()
  }
}

/**
 * Sends what is written in one turn in one go.
 *
 * esbuild's package writes every answer of a plugin by itself, so a hundred files cost a hundred
 * system calls, each of which wakes the service (0.28.2, `writeToStdin` of `lib/main.js`;
 * docs/notes/esbuild.md).
 */
export function gatherWrites(stream: Writable): void {
  const write: Writable['write'] = stream.write.bind(stream)
  let isGathering = false
  const gather = (): void => {
    if (isGathering) return
    isGathering = true
    stream.cork()
    process.nextTick(() => {
      isGathering = false
      stream.uncork()
    })
  }
  stream.write = ((...args: Parameters<Writable['write']>): boolean => {
    gather()
    return write(...args)
  }) as Writable['write']
}

interface Spawned {
  readonly pid?: number | undefined
  readonly stdin?: Writable | null
}

/** Returns the resident memory of a process; undefined off Linux or when it is gone. */
export function readRssBytes(pid: number): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
  } catch {
    return undefined
  }
}

function isSpawnMessage(message: unknown): message is { process: Spawned } {
  return typeof message === 'object' && message !== null && 'process' in message
}

function setVariables(env: NodeJS.ProcessEnv, values: Record<string, string>): () => void {
  const added = Object.keys(values).filter((name) => env[name] === undefined)
  for (const name of added) env[name] = values[name]
  return () => {
    for (const name of added) delete env[name]
  }
}
