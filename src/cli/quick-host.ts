import { fstatSync, writeSync } from 'node:fs'
import { processEnvironment } from '../config/env.ts'
import { endProcess, type CliHost } from './host.ts'
import type { TextStream } from './output.ts'

/**
 * The real process, for a command that says a line or two: making `process.stderr` takes longer
 * than saying them.
 */
export function quickHost(): CliHost {
  const env = processEnvironment()
  return {
    cwd: process.cwd(),
    env,
    out: quickStream(1, env, () => process.stdout),
    err: quickStream(2, env, () => process.stderr),
    exit(code) {
      process.exitCode = code
    },
    end: endProcess,
  }
}

/**
 * Writes to a file, pipe or socket (what Node gives its children for a pipe) by itself; a terminal
 * gets the real stream, which knows its colours and width, and so does whoever forces colours.
 *
 * @param real - the stream of the same descriptor; it also takes what cannot be written at once
 */
export function quickStream(
  descriptor: number,
  env: Readonly<Record<string, string | undefined>>,
  real: () => TextStream,
): TextStream {
  if (env.FORCE_COLOR !== undefined || !isPlain(descriptor)) return real()
  let stream: TextStream | undefined
  return {
    write(text) {
      const rest = stream === undefined ? writeNow(descriptor, text) : Buffer.from(text)
      if (rest.length === 0) return
      // A full pipe (EAGAIN) is waited for, and a closed one reported, as always.
      stream ??= real()
      stream.write(rest.toString())
    },
  }
}

/** Returns what could not be written. */
function writeNow(descriptor: number, text: string): Buffer {
  let rest = Buffer.from(text)
  try {
    while (rest.length > 0) rest = rest.subarray(writeSync(descriptor, rest))
  } catch {
    // What is left says it.
  }
  return rest
}

function isPlain(descriptor: number): boolean {
  try {
    const stat = fstatSync(descriptor)
    return stat.isFile() || stat.isFIFO() || stat.isSocket()
  } catch {
    return false
  }
}
