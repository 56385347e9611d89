import { execFile } from 'node:child_process'
import { statSync } from 'node:fs'
import { dirname, extname } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { describe, expect, test } from 'vitest'
import { EventHub } from '../../src/base/events.ts'
import { toRelPath } from '../../src/base/project-path.ts'
import { esbuildConditions } from '../../src/resolve/conditions.ts'
import type { ResolveEvents } from '../../src/resolve/events.ts'
import type { Resolution, ResolveOptions } from '../../src/resolve/resolution.ts'
import { createResolver } from '../../src/resolve/resolver.ts'
import { resolveOptions } from '../support/build-options.ts'
import { createProject, projects, type ProjectImport } from './projects.ts'

/** The differences to esbuild that loading.md §9 knows; the table may name no others. */
const KNOWN_DIFFERENCES = ['guesses no .mts', 'no rootDirs', 'no references']

describe.each(Object.entries(projects))('%s', (_name, project) => {
  test('resolve() gives the expected answers', async () => {
    await using fixture = await createProject(project)
    const options = resolveOptions(fixture.root, project.options)
    const resolver = createResolver(options, { events: new EventHub<ResolveEvents>() })

    const answers = project.imports.map(({ from, spec, kind }) => ({
      from,
      spec,
      is: short(fixture.root, resolver.resolve(spec, fixture.path(from), kind ?? 'import')),
    }))

    expect(answers).toEqual(project.imports.map(({ from, spec, is }) => ({ from, spec, is })))
  })

  test.each(['external', 'bundle'] as const)(
    'resolve() finds the sources that esbuild bundles with packages: %s',
    async (packages) => {
      await using fixture = await createProject(project)
      const options = resolveOptions(fixture.root, { ...project.options, packages })
      const resolver = createResolver(options, { events: new EventHub<ResolveEvents>() })
      const inlined = new Set(resolver.inlineNames())

      const differing: ProjectImport[] = []
      for (const item of project.imports) {
        const resolution = resolver.resolve(
          item.spec,
          fixture.path(item.from),
          item.kind ?? 'import',
        )
        const isInlined = [...inlined].some((name) => `${item.spec}/`.startsWith(`${name}/`))
        const theirs = await askEsbuild(
          fixture.root,
          item,
          options,
          isInlined ? 'bundle' : packages,
        )
        if (theirs !== bundlerView(fixture.root, resolution)) differing.push(item)
      }

      expect(differing.filter((item) => item.differs === undefined)).toEqual([])
      expect(differing.map((item) => item.differs)).toEqual(
        project.imports.flatMap((item) => item.differs ?? []),
      )
      expect(KNOWN_DIFFERENCES).toEqual(
        expect.arrayContaining(differing.map((item) => item.differs)),
      )
    },
  )

  test('resolve() names the files that a Node running there imports', async () => {
    await using fixture = await createProject(project)
    const options = resolveOptions(fixture.root, project.options)
    const resolver = createResolver(options, { events: new EventHub<ResolveEvents>() })
    const externals = project.imports.flatMap((item) => {
      const kind = item.kind ?? 'import'
      const resolution = resolver.resolve(item.spec, fixture.path(item.from), kind)
      return resolution.class === 'external' ? [{ ...item, kind, file: resolution.file }] : []
    })

    const theirs = await Promise.all(
      externals.map((item) => askNode(fixture.path(item.from), item.spec, item.kind, options)),
    )

    expect(theirs).toEqual(externals.map((item) => item.file))
  })
})

function short(root: string, resolution: Resolution): string {
  if (resolution.class === 'source') return toRelPath(root, resolution.file)
  if (resolution.class === 'builtin') return `builtin ${resolution.name}`
  if (resolution.class !== 'external') return resolution.class
  const { file } = resolution
  return file === undefined ? 'external' : `external ${toRelPath(root, file)}`
}

/** A source's path, `external`, or `missing`: what esbuild's metafile can tell apart. */
function bundlerView(root: string, resolution: Resolution): string {
  if (resolution.class === 'source') return toRelPath(root, resolution.file)
  return resolution.class === 'missing' ? 'missing' : 'external'
}

async function askEsbuild(
  root: string,
  item: ProjectImport,
  options: ResolveOptions,
  packages: 'external' | 'bundle',
): Promise<string> {
  const text = JSON.stringify(item.spec)
  const conditions = esbuildConditions(options)
  try {
    const { metafile } = await build({
      absWorkingDir: root,
      stdin: {
        contents: item.kind === 'require' ? `require(${text})` : `import ${text}`,
        resolveDir: dirname(`${root}/${item.from}`),
        sourcefile: `stdin${extname(item.from)}`,
        loader: 'ts',
      },
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'esm',
      logLevel: 'silent',
      outdir: 'out',
      packages,
      ...(conditions === undefined ? {} : { conditions: [...conditions] }),
    })
    const found = Object.values(metafile.inputs).find((input) =>
      input.imports.some((record) => record.original === item.spec || record.path === item.spec),
    )?.imports[0]
    if (found === undefined || found.external === true) return 'external'
    return found.path.replace(/[?#].*$/, '')
  } catch {
    return 'missing'
  }
}

async function askNode(
  importer: string,
  spec: string,
  kind: string,
  options: ResolveOptions,
): Promise<string | undefined> {
  const script = `
    import { createRequire } from 'node:module'
    import { fileURLToPath } from 'node:url'
    const [spec, kind, importer] = process.argv.slice(1)
    const find = () => kind === 'require'
      ? createRequire(importer).resolve(spec)
      : fileURLToPath(import.meta.resolve(spec))
    try { process.stdout.write(find()) } catch { }`
  const flags = options.conditions.map((name) => `--conditions=${name}`)
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [...flags, '--input-type=module', '--eval', script, '--', spec, kind, importer],
    { cwd: dirname(importer), env: { ...process.env, NODE_OPTIONS: '' } },
  )
  return stdout !== '' && statSync(stdout, { throwIfNoEntry: false })?.isFile() === true
    ? stdout
    : undefined
}
