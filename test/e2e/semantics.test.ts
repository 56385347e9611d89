/**
 * Runs every project of `fixtures/projects` through the whole product and by Node itself, and
 * compares what both show. Where Node cannot run a project (JSX, plugins, aliases) its
 * `expected.json` says what must be shown.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { deviations, MOST } from './support/deviations.ts'
import type { Observation } from './support/observation.ts'
import { observe } from './support/observe.ts'
import { copyProjects, expectedFile, projectNames } from './support/project.ts'

const names = await projectNames()
const native = names.filter((name) => expectedFile(name) === undefined)
const copies = { somon: await copyProjects(names), node: await copyProjects(native) }
const [shownBySomon, shownByNode] = await Promise.all([
  observe('somon', foldersIn(copies.somon.root, names)),
  observe('node', foldersIn(copies.node.root, native)),
])

afterAll(async () => {
  await copies.somon[Symbol.asyncDispose]()
  await copies.node[Symbol.asyncDispose]()
})

describe('ModuleSystem.load() of a project', () => {
  test.each(native)('%s shows what Node shows', (name) => {
    const expected = withDeviations(name, shownByNode[native.indexOf(name)] ?? {})

    expect(shownBySomon[names.indexOf(name)]).toEqual(expected)
  })

  test.each(names.filter((name) => !native.includes(name)))('%s shows what it states', (name) => {
    const expected: unknown = JSON.parse(readFileSync(expectedFile(name) ?? '', 'utf8'))

    expect(shownBySomon[names.indexOf(name)]).toEqual(expected)
  })
})

describe('the list of deviations from Node', () => {
  test.each(deviations)('$project still deviates at $at', ({ project, at, node, somon }) => {
    const byNode = valueAt(shownByNode[native.indexOf(project)], at)
    const bySomon = valueAt(shownBySomon[names.indexOf(project)], at)

    expect({ byNode, bySomon }).toEqual({ byNode: node, bySomon: somon })
  })

  test('does not grow', () => {
    expect(deviations).toHaveLength(MOST)
    expect(MOST).toBeLessThanOrEqual(13)
  })
})

function foldersIn(root: string, projects: readonly string[]): readonly string[] {
  return projects.map((name) => join(root, name))
}

/** What Node showed, with the places that are known to differ set to what somon shows. */
function withDeviations(name: string, observation: Observation): unknown {
  const expected: unknown = structuredClone(observation)
  for (const { project, at, somon } of deviations) {
    if (project !== name) continue
    const keys = at.split('.')
    const last = keys.pop() ?? ''
    Reflect.set(valueAt(expected, keys.join('.')) as object, last, somon)
  }
  return expected
}

function valueAt(value: unknown, at: string): unknown {
  return at
    .split('.')
    .filter((key) => key !== '')
    .reduce((part, key) => Reflect.get(part as object, key) as unknown, value)
}
