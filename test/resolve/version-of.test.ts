import { describe, expect, test } from 'vitest'
import { createFixture } from '../support/fixture.ts'
import { resolverFor } from '../support/build-options.ts'

const json = (value: unknown): string => JSON.stringify(value)

describe('versionOf()', () => {
  test('reads the package that a file belongs to, past markers of a module system', async () => {
    await using fixture = await createFixture({
      'package.json': json({ name: 'own', version: '9.0.0' }),
      'node_modules/pay/package.json': json({ name: 'pay', version: '1.2.3' }),
      'node_modules/pay/esm/package.json': json({ type: 'module' }),
      'node_modules/@ui/button/package.json': json({ name: '@ui/button', version: '4.5.6' }),
      'node_modules/pay/node_modules/deep/package.json': json({ name: 'deep', version: '0.1.0' }),
    })
    const resolver = resolverFor(fixture)
    const versionOf = (file: string): string | undefined => resolver.versionOf(fixture.path(file))

    expect(versionOf('node_modules/pay/esm/index.js')).toBe('1.2.3')
    expect(versionOf('node_modules/@ui/button/index.js')).toBe('4.5.6')
    expect(versionOf('node_modules/pay/node_modules/deep/index.js')).toBe('0.1.0')
    expect(versionOf('src/main.ts')).toBe('9.0.0')
  })

  test('says nothing for a package without a version, whatever lies above it', async () => {
    await using fixture = await createFixture({
      'package.json': json({ name: 'own', version: '9.0.0' }),
      'node_modules/@ui/button/package.json': json({ name: '@ui/button' }),
    })

    const version = resolverFor(fixture).versionOf(fixture.path('node_modules/@ui/button/index.js'))

    expect(version).toBeUndefined()
  })
})
