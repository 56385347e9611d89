import { readFileSync } from 'node:fs'
import { glob } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { doors, entryPoints, importableFrom, rows } from '../layers.ts'

const root = join(import.meta.dirname, '..')
const sources = await Array.fromAsync(glob('src/**/*.ts', { cwd: root }))

describe('layers.ts', () => {
  test('places every folder of src/', () => {
    const folders = new Set(sources.map(folderOf).filter((folder) => folder !== undefined))

    const placed = new Set(rows.map((entry) => entry.folder))

    expect([...folders].filter((folder) => !placed.has(folder))).toEqual([])
  })

  test('allows every relative import of src/', () => {
    const breaches = sources.flatMap((file) =>
      relativeImports(file)
        .filter((target) => !isAllowed(file, target))
        .map((to) => `${file} → ${to}`),
    )

    expect(breaches).toEqual([])
  })

  test('lets third-party packages in through their doors only', () => {
    const breaches = sources.flatMap((file) =>
      packageImports(file)
        .filter((name) => !doors[name]?.includes(file))
        .map((name) => `${file} → ${name}`),
    )

    expect(breaches).toEqual([])
  })

  test('names doors that exist and import their package', () => {
    const idle = Object.entries(doors).flatMap(([name, files]) =>
      files.filter((file) => sources.includes(file) && !packageImports(file).includes(name)),
    )

    expect(idle).toEqual([])
  })

  test('keeps code out of the entry points', () => {
    const withCode = entryPoints.filter((file) =>
      read(file)
        .replaceAll(/\/\*[\s\S]*?\*\//g, '')
        .replaceAll(/export (type )?(\{[^}]*\}|\*) from '[^']+'/g, '')
        .trim(),
    )

    expect(withCode).toEqual([])
  })
})

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

function folderOf(file: string): string | undefined {
  const parts = file.split('/')
  return parts.length > 2 ? parts[1] : undefined
}

function specifiers(file: string): string[] {
  const pattern = /(?:from\s+|import\s*\(\s*|import\s+|require\(\s*)['"]([^'"\n]+)['"]/g
  const code = read(file).replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
  return [...code.matchAll(pattern)].map((match) => match[1] ?? '')
}

function relativeImports(file: string): string[] {
  return specifiers(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => relative(root, join(root, dirname(file), specifier)))
}

function packageImports(file: string): string[] {
  return specifiers(file)
    .filter((specifier) => /^[@a-z]/.test(specifier) && !specifier.startsWith('node:'))
    .map((specifier) =>
      specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/'),
    )
}

function isAllowed(file: string, target: string): boolean {
  const from = folderOf(file)
  const to = folderOf(target)
  if (from === undefined) return true
  return to !== undefined && importableFrom(from).includes(to)
}
