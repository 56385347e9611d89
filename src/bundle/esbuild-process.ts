import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFileSync } from 'node:fs'

/**
 * Runs the call that may start esbuild's service and learns the pid of what it spawned.
 *
 * esbuild's command line switches Go's garbage collector off for one entry, its service never
 * does: with `GOGC=off` and a memory limit a build takes about a third less CPU (measured). The
 * child is spawned synchronously and inherits the environment, so the variables are set for the
 * duration of the call only. Values the user has set stay.
 *
 * @param call - must make the first call of esbuild's API before it returns
 * @returns the pid; undefined when a service was running already
 */
export function spawnService<T>(
  call: () => T,
  memoryLimitBytes: number,
  env: NodeJS.ProcessEnv,
): { readonly result: T; readonly pid: number | undefined } {
  const spawned: { readonly pid?: number | undefined }[] = []
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
    return { result, pid: spawned[0]?.pid }
  } finally {
    unsubscribe('child_process', onSpawn)
    restore()
  }
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

function isSpawnMessage(message: unknown): message is { process: { pid?: number | undefined } } {
  return typeof message === 'object' && message !== null && 'process' in message
}

function setVariables(env: NodeJS.ProcessEnv, values: Record<string, string>): () => void {
  const added = Object.keys(values).filter((name) => env[name] === undefined)
  for (const name of added) env[name] = values[name]
  return () => {
    for (const name of added) delete env[name]
  }
}
