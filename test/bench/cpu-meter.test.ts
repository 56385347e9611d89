import { spawnSync } from 'node:child_process'
import { afterAll, describe, expect, test } from 'vitest'
import { openCpuMeter, type CpuMeter } from '../../bench/harness/cpu-meter.ts'

/** Burns CPU for the given time. */
const burn = (ms: number): string =>
  `const used = () => { const { user, system } = process.cpuUsage(); return user + system };
   const end = used() + ${ms * 1000}; let x = 0; while (used() < end) for (let i = 0; i < 1e5; i++) x += i`

/** Starts a process that burns CPU and does not wait for it. */
const orphan = (ms: number): string =>
  `require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(burn(ms))}], { detached: true, stdio: 'ignore' }).unref()`

const meters = [tryOpen('cgroup'), tryOpen('tree')]

describe.each(meters)('$name', ({ name, meter }) => {
  afterAll(() => meter?.close())

  test.skipIf(meter === undefined)('counts the CPU of a process', async () => {
    const idle = await run(meter, '0')
    const busy = await run(meter, burn(300))

    expect(busy.cpuMs - idle.cpuMs).toBeGreaterThan(250)
    expect(busy.cpuMs - idle.cpuMs).toBeLessThan(900)
  })

  test.skipIf(meter === undefined)('counts the CPU of an orphan', async () => {
    const measured = await run(meter, orphan(400))

    expect(measured.exitCode).toBe(0)
    expect(measured.cpuMs).toBeGreaterThan(400)
  })

  test.skipIf(meter === undefined)('passes output and exit code on', async () => {
    const measured = await run(meter, 'console.log("out"); console.error("err"); process.exit(7)')

    expect(measured).toMatchObject({ exitCode: 7, stdout: 'out\n', stderr: 'err\n' })
    expect(measured.wallMs).toBeGreaterThan(0)
  })

  test.skipIf(meter === undefined)(`passes the environment on (${name})`, async () => {
    const measured = await meter?.measure({
      argv: [process.execPath, '-p', 'process.env.SOMON_BENCH_PROBE'],
      env: { SOMON_BENCH_PROBE: 'seen' },
    })

    expect(measured?.stdout).toBe('seen\n')
  })
})

test('openCpuMeter() finds a way on this machine', () => {
  const meter = openCpuMeter()

  expect(['cgroup', 'tree']).toContain(meter.name)
  meter.close()
})

function tryOpen(name: CpuMeter['name']): { name: string; meter: CpuMeter | undefined } {
  const python = spawnSync('python3', ['--version']).status === 0
  try {
    const usable = name === 'cgroup' || (python && process.platform === 'linux')
    return { name, meter: usable ? openCpuMeter(name) : undefined }
  } catch {
    return { name, meter: undefined }
  }
}

async function run(meter: CpuMeter | undefined, script: string) {
  if (meter === undefined) throw new Error('Cannot measure: there is no meter')
  return meter.measure({ argv: [process.execPath, '-e', script] })
}
