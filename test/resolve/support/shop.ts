import type { Resolution } from '../../../src/resolve/resolution.ts'
import { createFixture, type Fixture } from '../../support/fixture.ts'

export const json = (value: unknown): string => JSON.stringify(value)

/** A project with one dependency, declared, and one that is only installed. */
export function shop(): Promise<Fixture> {
  return createFixture({
    'package.json': json({
      name: 'shop',
      dependencies: { declared: '1' },
      optionalDependencies: { maybe: '1' },
      peerDependencies: { host: '1' },
      devDependencies: { tool: '1' },
    }),
    'src/main.ts': '',
    'src/package.json': json({ type: 'module' }),
    'node_modules/declared/index.js': '',
    'node_modules/declared/deep/x.js': '',
    'node_modules/stray/index.js': '',
    'node_modules/@s/one/index.js': '',
    'node_modules/@s/two/index.js': '',
    'node_modules/shipped/index.ts': '',
  })
}

export const classOf = (resolution: Resolution): string => resolution.class
