import { describe, expect, test } from 'vitest'
import { Disposal } from '../../src/base/disposal.ts'

describe('Disposal.run()', () => {
  test('runs the steps in reverse order, one after the other', async () => {
    const disposal = new Disposal()
    const log: string[] = []
    for (const name of ['first', 'second', 'third']) {
      disposal.add(name, async () => {
        log.push(`${name} starts`)
        await new Promise(setImmediate)
        log.push(`${name} ends`)
      })
    }

    await disposal.run()

    expect(log).toEqual([
      'third starts',
      'third ends',
      'second starts',
      'second ends',
      'first starts',
      'first ends',
    ])
  })

  test('runs every step although one fails, and returns the failures', async () => {
    const disposal = new Disposal()
    const fault = new Error('stuck')
    let ran = false
    disposal.add('last', () => {
      ran = true
    })
    disposal.add('faulty', () => {
      throw fault
    })
    disposal.add('rejecting', () => Promise.reject(fault))

    const failures = await disposal.run()

    expect(ran).toBe(true)
    expect(failures).toEqual([
      { name: 'rejecting', error: fault },
      { name: 'faulty', error: fault },
    ])
  })

  test('lets a second call join the first, so that the order holds', async () => {
    const disposal = new Disposal()
    const log: string[] = []
    const { promise, resolve } = Promise.withResolvers<void>()
    disposal.add('inner', () => void log.push('inner'))
    disposal.add('outer', async () => {
      await promise
      log.push('outer')
    })

    const runs = [disposal.run(), disposal.run()]
    await new Promise(setImmediate)
    resolve()
    await Promise.all(runs)

    expect(log).toEqual(['outer', 'inner'])
  })

  test('runs nothing twice', async () => {
    const disposal = new Disposal()
    let runs = 0
    disposal.add('once', () => {
      runs += 1
    })

    await disposal.run()
    await disposal.run()

    expect(runs).toBe(1)
  })

  test('runs a step that was added while the steps ran', async () => {
    const disposal = new Disposal()
    let ran = false
    disposal.add('outer', () => {
      disposal.add('late', () => {
        ran = true
      })
    })

    await disposal.run()

    expect(ran).toBe(true)
  })
})

describe('Disposal.add()', () => {
  test('returns the function that takes the step out', async () => {
    const disposal = new Disposal()
    const log: string[] = []
    disposal.add('kept', () => void log.push('kept'))
    const remove = disposal.add('removed', () => void log.push('removed'))

    remove()
    remove()
    await disposal.run()

    expect(log).toEqual(['kept'])
  })
})
