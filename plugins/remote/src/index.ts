import { isBuiltin } from 'node:module'
import { resolve } from 'node:path'
import type { FusedPlugin, PluginContext } from 'somon/plugin'
import { checkAddress, isRemote } from './address.ts'
import { RemoteFailure } from './failure.ts'
import { loaderOf } from './media-type.ts'
import { type RemoteModule, RemoteModules, type RemoteSettings } from './remote-modules.ts'

/** Where modules may come from, and what is kept of them. */
export interface RemoteOptions {
  /**
   * Hosts whose modules may run in the program: `esm.sh`, `host:8443`, `*.example.com` (its
   * subdomains, not itself). Everything else is refused, redirects included.
   */
  readonly allow: readonly string[]
  /** The lock file, from the project root. Default: `somon-remote.lock.json`. */
  readonly lockFile?: string
  /** The folder of copies, from the project root. Default: `node_modules/.cache/somon-remote`. */
  readonly copies?: string
  /** Refuses what the lock file does not name and never changes it: for CI. Default: false. */
  readonly frozen?: boolean
  /** Asks every host again, once per build, and locks what it serves now. Default: false. */
  readonly refresh?: boolean
  /** What bare names in remote modules mean, as in an import map: `{ react: 'https://…' }`. */
  readonly imports?: Readonly<Record<string, string>>
  /** How long one request may take, in ms. Default: 10 000. */
  readonly timeoutMs?: number
  /** How large one module may be, in bytes. Default: 5 242 880. */
  readonly maxBytes?: number
  /** How many redirects in a row are followed. Default: 5. */
  readonly maxRedirects?: number
  /** Certificates in PEM that are trusted in place of the built-in ones. */
  readonly ca?: string
  /** Lets plain http through, to this machine only. Default: false. */
  readonly allowLoopbackHttp?: boolean
}

/** Changes when the text made from the same module changes. */
const FORMAT = 1

/**
 * Imports modules over https: `import x from 'https://host/module.js'`.
 *
 * The first build fetches them and writes a lock file with their integrity; later ones use the
 * copies on disk and ask no host. A host that serves something else than what is locked fails the
 * build. Each host has its own guard.
 */
export function remote(options: RemoteOptions): FusedPlugin {
  const settings = settingsOf(options)
  const lockFile = options.lockFile ?? 'somon-remote.lock.json'
  const imports = options.imports ?? {}
  const modulesOf = projectModules(settings, lockFile, options.copies)
  return {
    name: 'remote',
    cacheKey: JSON.stringify({ FORMAT, ...settings, lockFile, imports }),
    async buildStart() {
      await attempt(this, () => modulesOf(this).startBuild())
    },
    async buildEnd() {
      const { lock } = modulesOf(this)
      await attempt(this, () =>
        lock.write((text) => {
          // A build that renews the lock may have used what it said before.
          if (!settings.refresh) this.addWatchFile(lock.path, text)
        }),
      )
    },
    async resolveId(specifier, importer) {
      return attempt(this, async () => {
        const address = addressOf(specifier, importer, imports)
        if (address === undefined) return null
        const base = importer !== undefined && isRemote(importer) ? importer : undefined
        const url = checkAddress(address, settings, base)
        // The address that answered is the module's name: relative imports start there.
        return (await locked(this, modulesOf, url.href)).url
      })
    },
    async load(id, { attributes }) {
      if (!isRemote(id)) return null
      return attempt(this, async () => {
        const { url, type, bytes } = await locked(this, modulesOf, id)
        return { code: new TextDecoder().decode(bytes), loader: loaderOf(url, type, attributes) }
      })
    },
  }
}

type ModulesOf = (context: PluginContext) => RemoteModules

/** One plugin object may serve several projects. */
function projectModules(
  settings: RemoteSettings,
  lockFile: string,
  folder = 'node_modules/.cache/somon-remote',
): ModulesOf {
  const projects = new Map<string, RemoteModules>()
  return ({ root }) => {
    let modules = projects.get(root)
    if (modules === undefined) {
      modules = new RemoteModules(resolve(root, lockFile), resolve(root, folder), settings)
      projects.set(root, modules)
    }
    return modules
  }
}

/** What is built with a module depends on the lock, which says what the module is. */
async function locked(
  context: PluginContext,
  modulesOf: ModulesOf,
  url: string,
): Promise<RemoteModule> {
  const modules = modulesOf(context)
  context.addWatchFile(modules.lock.path)
  return modules.get(url, context)
}

/** @throws TypeError for options that contradict each other */
function settingsOf(options: RemoteOptions): RemoteSettings {
  const settings: RemoteSettings = {
    allow: options.allow,
    allowLoopbackHttp: options.allowLoopbackHttp ?? false,
    frozen: options.frozen ?? false,
    refresh: options.refresh ?? false,
    timeoutMs: options.timeoutMs ?? 10_000,
    maxBytes: options.maxBytes ?? 5 * 2 ** 20,
    maxRedirects: options.maxRedirects ?? 5,
    ca: options.ca,
  }
  if (settings.frozen && settings.refresh) {
    throw new TypeError(
      'Cannot use frozen together with refresh: one keeps the lock, one renews it',
    )
  }
  return settings
}

/** Undefined for what is none of this plugin's business. */
function addressOf(
  specifier: string,
  importer: string | undefined,
  imports: Readonly<Record<string, string>>,
): string | undefined {
  if (isRemote(specifier)) return specifier
  if (importer === undefined || !isRemote(importer)) return undefined
  if (/^\.{0,2}\//.test(specifier)) return specifier
  if (isBuiltin(specifier) || specifier.startsWith('data:')) return undefined
  const mapped = Object.hasOwn(imports, specifier) ? imports[specifier] : undefined
  if (mapped !== undefined) return mapped
  const isFile = /^(?:file:|[a-z]:[/\\])/i.test(specifier)
  throw new RemoteFailure(
    isFile ? 'SOMON_REMOTE_LOCAL' : 'SOMON_REMOTE_BARE',
    `Cannot import "${specifier}" from "${importer}": ${isFile ? 'a remote module may not read files of this machine' : 'a bare name means nothing in a remote module'}`,
    isFile
      ? 'Import a remote module that does not ask for local files'
      : `Give it an address: remote({ imports: { "${specifier}": "https://…" } })`,
  )
}

async function attempt<T>(context: PluginContext, task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    if (!(error instanceof RemoteFailure)) throw error
    const { code, message, fix, retryable } = error
    return context.error({ code, message, fix, retryable, cause: error })
  }
}
