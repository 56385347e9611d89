import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** A folder of real files that goes away with its scope: `await using fixture = …`. */
export interface Fixture extends AsyncDisposable {
  /** Absolute, links followed. */
  readonly root: string
  path(...segments: string[]): string
  write(file: string, contents: string | Uint8Array): Promise<string>
  remove(file: string): Promise<void>
}

/** Makes a fresh folder below the system's temporary one, with the given files in it. */
export async function createFixture(
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<Fixture> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'somon-test-')))
  const fixture: Fixture = {
    root,
    path: (...segments) => join(root, ...segments),
    async write(file, contents) {
      const target = join(root, file)
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, contents)
      return target
    },
    remove: (file) => rm(join(root, file), { recursive: true, force: true }),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
  for (const [file, contents] of Object.entries(files)) await fixture.write(file, contents)
  return fixture
}
