import { basename } from 'node:path'
import { TraceMap, originalPositionFor } from '@jridgewell/trace-mapping'
import { describe, expect, test } from 'vitest'
import type { FusedPlugin } from '../../src/bundle/plugin.ts'
import { createFixture } from '../support/fixture.ts'
import { buildWith, failureOf, words } from './plugin-build.ts'

/** Adds lines on top and says so in its map, whose source it names in its own way. */
function shifting(name: string, lines: number, source: (id: string) => string): FusedPlugin {
  return {
    name,
    transform: {
      filter: { id: /word\.ts$/ },
      handler: (code, id) => ({
        code: `${`// ${name}\n`.repeat(lines)}${code}`,
        map: {
          version: 3,
          sources: [source(id)],
          names: [],
          mappings: `${';'.repeat(lines)}${code
            .split('\n')
            .map((_, i) => (i === 0 ? 'AAAA' : 'AACA'))
            .join(';')}`,
        },
      }),
    },
  }
}

describe('source maps of transforms', () => {
  const source = `// first\nexport const word: string = boom()\nfunction boom(): string { return 'x' }`

  test('lead from the bundle through all transforms to the line in the file', async () => {
    await using fixture = await createFixture({
      'entry.ts': `export { word } from './lib/a word.ts'`,
      'lib/a word.ts': source,
    })

    const { result, code } = await buildWith(
      fixture,
      [
        shifting('one', 2, (id) => id),
        { name: 'unmoved', transform: (text) => text.replace("'x'", "'y'") },
        shifting('two', 5, (id) => basename(id)),
        shifting('three', 1, () => ''),
      ],
      { esbuild: { sourcemap: 'external' } },
    )

    const map = new TraceMap(
      result.outputFiles.find((file) => file.path.endsWith('.map'))?.text ?? '',
    )
    const line = code.split('\n').findIndex((text) => text.includes('return "y"')) + 1
    const found = originalPositionFor(map, { line, column: 2 })
    expect(found.line).toBe(3)
    expect(found.source && decodeURI(found.source)).toMatch(/(?:^|\/)lib\/a word\.ts$/)
    expect(map.sourcesContent).toContain(source)
  })

  test('start at the map that load returns', async () => {
    await using fixture = await createFixture({
      'entry.ts': `export { word } from './word.ts'`,
      'word.ts': '',
      'origin.src': '\n\nhere',
    })
    const loading: FusedPlugin = {
      name: 'loading',
      load: {
        filter: { id: /word\.ts$/ },
        handler: () => ({
          code: `export const word = String(1)`,
          map: JSON.stringify({
            version: 3,
            sources: ['origin.src'],
            names: [],
            mappings: 'AAEA',
            sourcesContent: ['\n\nhere'],
          }),
        }),
      },
    }

    const { result, code } = await buildWith(fixture, [loading, shifting('one', 3, (id) => id)], {
      esbuild: { sourcemap: 'external' },
    })

    const map = new TraceMap(
      result.outputFiles.find((file) => file.path.endsWith('.map'))?.text ?? '',
    )
    const line = code.split('\n').findIndex((text) => text.includes('String(1)')) + 1
    const found = originalPositionFor(map, { line, column: 0 })
    expect(found.line).toBe(3)
    expect(found.source).toMatch(/origin\.src$/)
  })

  test('are not made for a build without source maps', async () => {
    await using fixture = await createFixture(words)
    const broken: FusedPlugin = {
      name: 'x',
      transform: (code) => ({ code: `${code} `, map: '{not json' }),
    }

    const { exports } = await buildWith(fixture, [broken])

    expect(exports.word).toBe('start')
  })

  test('that cannot be read fail the build and name the plugin', async () => {
    await using fixture = await createFixture(words)
    const broken: FusedPlugin = {
      name: 'bad-map',
      transform: (code) => ({ code: `${code} `, map: '{not json' }),
    }

    const { error, message } = await failureOf(
      buildWith(fixture, [broken], { esbuild: { sourcemap: 'external' } }),
    )

    expect(message.pluginName).toBe('bad-map')
    expect(error?.code).toBe('SOMON_BUNDLE_PLUGIN_FAILED')
  })
})
