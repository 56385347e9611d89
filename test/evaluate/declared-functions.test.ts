import { describe, expect, test } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { Namespace } from '../../src/evaluate/generation.ts'
import { guardSettings } from '../guard/support/settings.ts'
import { createFixture } from '../support/fixture.ts'
import { build } from './support/built.ts'
import { createRig } from './support/evaluator.ts'
import { guardedImports, type GuardedImports } from './support/guarded-imports.ts'

const PAY = `
  export class Client { #key = 1; get key() { return this.#key } }
  export let charges = 0
  export function charge(amount) {
    if (amount < 0) throw new Error('declined')
    charges += 1
    return amount
  }
  export const refund = (amount) => -amount
  export default { charge }`

interface Scene extends GuardedImports, AsyncDisposable {
  /** Builds and runs the entry; what it exports. */
  run(): Promise<Namespace>
}

/** A project with a package `pay`, whose function `charge` is declared as `payments`. */
async function scene(main: string): Promise<Scene> {
  const fixture = await createFixture({
    'package.json': '{"type":"module"}',
    'node_modules/pay/package.json': '{"name":"pay","version":"1.0.0","exports":"./index.mjs"}',
    'node_modules/pay/index.mjs': PAY,
    'src/main.ts': main,
  })
  const guarded = guardedImports(fixture.root, systemClock, {
    settings: guardSettings({ consecutive: 1 }),
    declared: (name) =>
      name === 'pay' ? { dependency: 'payments', functions: ['charge'] } : undefined,
  })
  const { artifact, resolver } = await build(fixture.root, 'src/main.ts')
  const rig = createRig(fixture.root, {
    guards: guarded.guards,
    resolve: (specifier, importer, kind) => resolver.resolve(specifier, importer, kind),
  })
  return {
    ...guarded,
    run: async () => (await rig.start(artifact)).namespace,
    async [Symbol.asyncDispose]() {
      rig[Symbol.dispose]()
      await fixture[Symbol.asyncDispose]()
    },
  }
}

function okCalls({ registry }: GuardedImports): number | undefined {
  return registry.find('src/main.ts:payments')[0]?.snapshot().window.ok
}

describe('a declared function of an imported package', () => {
  test.each([
    ['by name', "import { charge } from 'pay'\nexport const pay = () => charge(7)"],
    ['by another name', "import { charge as take } from 'pay'\nexport const pay = () => take(7)"],
    ['through the namespace', "import * as all from 'pay'\nexport const pay = () => all.charge(7)"],
    ['passed on', "export { charge as pay } from 'pay'"],
    ['at run time', "export const pay = async () => (await import('pay')).charge(7)"],
    [
      'by an expression at run time',
      "const name: string = ['p', 'ay'].join('')\nexport const pay = async () => (await import(name)).charge(7)",
    ],
  ])('is called through the guard of the module when it is imported %s', async (_how, main) => {
    await using made = await scene(main)

    const { pay } = (await made.run()) as { readonly pay: (amount: number) => Promise<number> }

    expect(await pay(7)).toBe(7)
    expect(okCalls(made)).toBe(1)
  })

  test('is found in what `export *` passes on', async () => {
    await using made = await scene("export * from 'pay'")

    const seen = (await made.run()) as { charge(amount: number): unknown; charges: number }
    const paid = seen.charge(7)

    expect(paid).toBeInstanceOf(Promise)
    expect(await paid).toBe(7)
    expect(seen.charges).toBe(1)
  })

  test('rejects while its circuit is open, and leaves all else of the package alone', async () => {
    await using made = await scene(
      `import all, { charge, refund, Client } from 'pay'
       export const pay = charge
       export const back = () => [refund(1), new Client().key, all.charge(2)]`,
    )
    const { pay, back } = (await made.run()) as {
      readonly pay: (amount: number) => Promise<number>
      readonly back: () => unknown
    }
    await expect(pay(-1)).rejects.toThrow('declined')

    await expect(pay(7)).rejects.toMatchObject({
      code: 'SOMON_GUARD_OPEN',
      data: { owner: 'src/main.ts', dependency: 'payments' },
    })

    expect(back()).toEqual([-1, 1, 2])
  })

  test('is one function for a generation, however it is imported', async () => {
    await using made = await scene(
      `import * as all from 'pay'
       import { charge } from 'pay'
       export const same = async () => {
         const [one, other] = [await import('pay'), await import('pay')]
         return one === other && one.charge === charge && charge === all.charge
       }`,
    )

    const { same } = (await made.run()) as { readonly same: () => Promise<boolean> }

    expect(await same()).toBe(true)
  })
})
