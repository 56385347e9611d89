import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { SystemEvents } from '../../src/system/events.ts'
import type { ModuleSystem } from '../../src/system/module-system.ts'
import { createFixture } from '../support/fixture.ts'
import { systemMaker } from './effects/effect-case.ts'
import { eventScenarios } from './effects/event-scenarios.ts'

const page = readFileSync(join(import.meta.dirname, '../../docs/reference/events.md'), 'utf8')
const sections = page.split(/^### /m).slice(1)
const documented = sections.map((section) => {
  const [name = ''] = section.split('\n')
  const payload = /```ts\n(type Payload = [^]*?)```/.exec(section)?.[1] ?? ''
  const members = [...payload.matchAll(/readonly (\w+)\??:/g)].map((match) => match[1] ?? '')
  const base = [
    ...(payload.includes('GenerationEvent &') ? ['module', 'number'] : []),
    ...(/= Named\b/.test(payload) ? ['owner', 'dependency'] : []),
  ]
  return { name, members: [...base, ...members] }
})

describe('ModuleSystem.on()', () => {
  test('has a scenario for every documented event, and for no other', () => {
    expect(Object.keys(eventScenarios).toSorted()).toEqual(
      documented.map(({ name }) => name).toSorted(),
    )
  })

  test.for(documented)('$name is told with what is documented', async ({ name, members }) => {
    if (!isEvent(name)) throw new Error(`no scenario tells ${name}`)
    const scenario = eventScenarios[name]
    const { options = {}, payload } = scenario
    await using fixture = await createFixture({
      'package.json': '{"type":"module"}',
      'main.ts': 'export const value = 1',
    })
    const make = systemMaker(fixture, 'root', fixture.root)
    await using system = make(typeof options === 'function' ? options(fixture) : options)
    const told: unknown[] = []
    system.on(name, (event) => told.push(event))

    await scenario.run(system, fixture)

    expect(told[0]).toEqual(payload)
    expect(Object.keys(told[0] ?? {}).toSorted()).toEqual(members.toSorted())
  })

  test('tells nothing to a listener that has left', async () => {
    await using fixture = await createFixture({ 'main.ts': 'export const value = 1' })
    await using system: ModuleSystem = systemMaker(fixture, 'root', fixture.root)()
    const told: unknown[] = []
    const leave = system.on('load.finished', (event) => told.push(event))
    await system.load('./main.ts')

    leave()
    await system.load('./main.ts')

    expect(told.length).toBe(1)
  })
})

function isEvent(name: string): name is keyof SystemEvents {
  return name in eventScenarios
}
