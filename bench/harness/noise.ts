import { readFileSync } from 'node:fs'
import { loadavg } from 'node:os'

/** How busy the machine was with other things. */
export interface Noise {
  readonly load1: number
  /** Share of the last 10 s in which some task waited for a CPU; undefined without PSI. */
  readonly cpuPressure10: number | undefined
}

/** Above this, wall times are shown as noisy and compared with no target. */
const MAX_PRESSURE = 10

export function readNoise(): Noise {
  return { load1: loadavg()[0] ?? 0, cpuPressure10: readPressure() }
}

export function isNoisy(...readings: readonly Noise[]): boolean {
  return readings.some((reading) => (reading.cpuPressure10 ?? 0) > MAX_PRESSURE)
}

function readPressure(): number | undefined {
  try {
    const text = readFileSync('/proc/pressure/cpu', 'utf8')
    const match = /^some avg10=([\d.]+)/m.exec(text)
    return match === null ? undefined : Number(match[1])
  } catch {
    return undefined
  }
}
