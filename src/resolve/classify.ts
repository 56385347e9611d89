import { existsSync, realpathSync, statSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { codeOf } from '../base/error.ts'
import { toRelPath } from '../base/project-path.ts'
import { replaceAlias } from './alias.ts'
import { candidatesOf } from './candidates.ts'
import { describeMapping, isOfFiles, unmetMapping } from './mapping.ts'
import { missing } from './missing.ts'
import { whyNoFile } from './no-file.ts'
import { NOTHING_INSTALLED, type OxcSearch, type SearchResult } from './oxc.ts'
import type { Packages } from './packages.ts'
import { disallowed, undeclared } from './policy.ts'
import type { ImportKind, Resolution, ResolveOptions } from './resolution.ts'
import {
  folderOf,
  hostOf,
  installedNameOf,
  isInstalled,
  isNamed,
  packageNameOf,
  specifierForm,
} from './specifier.ts'

/** One question on its way through the rules; `note` is set while it is being explained. */
export interface Request {
  readonly specifier: string
  readonly importer: string
  readonly kind: ImportKind
  readonly note: (step: string, result: string) => void
}

/**
 * The rules that decide what a specifier is, each in one method, in the order in which they are
 * asked. It holds no state of its own: what is remembered lies in the search and the packages.
 */
export class Classifier {
  readonly #options: ResolveOptions
  readonly #search: OxcSearch
  readonly #packages: Packages

  constructor(options: ResolveOptions, search: OxcSearch, packages: Packages) {
    this.#options = options
    this.#search = search
    this.#packages = packages
  }

  /** Answers one question. */
  answer(request: Request): Resolution {
    const alias = replaceAlias(request.specifier, this.#options.alias)
    if (alias === undefined) return this.#byForm(request)
    request.note('alias', `replaced by "${alias}", looked up from the project root`)
    const importer = this.#options.root + sep
    return this.#byForm({ ...request, specifier: alias, importer })
  }

  #byForm(request: Request): Resolution {
    const { specifier, kind, note } = request
    const form = specifierForm(specifier)
    note('form', FORMS[form])
    if (kind === 'entry' && (form === 'bare' || form === 'builtin')) return this.#entry(request)
    switch (form) {
      case 'invalid':
        return this.#missing(request, 'it is no valid specifier')
      case 'builtin':
        return this.#builtin(specifier, request)
      case 'data-url':
        return { class: 'external', specifier, packageName: 'data:', file: undefined }
      case 'url':
        return this.#url(request)
      case 'file-url':
        return this.#fileUrl(request)
      case 'relative':
      case 'absolute':
        return this.#file(request)
      case 'package-import':
      case 'bare':
        break
    }
    return this.#package(request)
  }

  /** What a user writes: `src/main.ts` is a path first, and a package only if there is none. */
  #entry(request: Request): Resolution {
    const exact = exactFile(request)
    if (exact !== undefined) return { class: 'source', file: exact }
    const asFile = this.#search.source(`./${request.specifier}`, request.importer, 'entry')
    request.note('path', asFile.found === 'file' ? `found ${asFile.file}` : 'no such path')
    if (asFile.found === 'file') return { class: 'source', file: asFile.file }
    const name = packageNameOf(request.specifier)
    if (name === undefined || specifierForm(request.specifier) === 'builtin') {
      return this.#missing(request, 'it is part of Node; an entry is a file')
    }
    const found = this.#find(request)
    const path = resolve(folderOf(request.importer), request.specifier)
    // Such as a folder: that it is no package either is not what its user asks about.
    if (found.found === 'nothing' && existsSync(path)) {
      return this.#missing(request, whyNoFile(path))
    }
    return this.#bundled(request, found, name)
  }

  #builtin(name: string, request: Request): Resolution {
    if (!isBuiltin(name)) return this.#missing(request, 'Node has no such builtin module')
    return { class: 'builtin', name: name.startsWith('node:') ? name : `node:${name}` }
  }

  #url(request: Request): Resolution {
    const { specifier, note } = request
    const host = hostOf(specifier)
    if (host === undefined) return this.#missing(request, 'nothing can load its scheme')
    const reason = disallowed(this.#options, 'host', host)
    note('loading.allowedSources', reason ?? `admits the host "${host}"`)
    if (reason !== undefined) return { class: 'refused', reason }
    return { class: 'external', specifier, packageName: host, file: undefined }
  }

  #fileUrl(request: Request): Resolution {
    try {
      const url = new URL(request.specifier)
      const path = fileURLToPath(url) + url.search + url.hash
      return this.#file({ ...request, specifier: path })
    } catch (error) {
      return this.#missing(request, `it is no usable file URL (${codeOf(error) ?? 'malformed'})`)
    }
  }

  #file(request: Request): Resolution {
    const exact = request.kind === 'entry' ? exactFile(request) : undefined
    if (exact !== undefined) return { class: 'source', file: exact }
    const found = this.#find(request)
    if (found.found !== 'file') {
      const path = resolve(folderOf(request.importer), request.specifier)
      return this.#missing(request, whyNoFile(path))
    }
    const name = this.#isOwn(found.file) ? undefined : installedNameOf(found.file)
    if (
      name === undefined ||
      request.kind === 'entry' ||
      name === installedNameOf(request.importer)
    ) {
      return { class: 'source', file: found.file }
    }
    const reason = disallowed(this.#options, 'package', name)
    request.note('loading.allowedSources', reason ?? `admits "${name}"`)
    if (reason !== undefined) return { class: 'refused', reason, packageName: name }
    return { class: 'source', file: found.file }
  }

  #package(request: Request): Resolution {
    const { specifier, note } = request
    const { externals, inline, packages } = this.#options
    if (isNamed(specifier, externals)) {
      note('loading.externals', 'lists it')
      return this.#external(request, packageNameOf(specifier) ?? specifier)
    }
    const found = this.#find(request)
    if (found.found === 'builtin') return this.#builtin(found.name, request)
    const name = packageNameOf(specifier) ?? nameOfFound(found)
    const unmet = this.#mapping(request, found)
    if (unmet !== undefined) return unmet
    if (name === undefined && found.found === 'nothing') {
      return this.#missing(request, 'the importing package has no such entry under "imports"')
    }
    if (found.found === 'file' && this.#isOwn(found.file)) {
      note('own or workspace source', 'its real path is in no node_modules folder')
      return this.#ownSource(found.file, name)
    }
    if (name === undefined || this.#isOwnName(name, request.importer)) {
      return this.#missing(request, describeSearch(found))
    }
    if (packages === 'bundle' || isNamed(specifier, inline)) {
      note(packages === 'bundle' ? 'packages' : 'loading.inline', 'it goes into the bundle')
      return this.#bundled(request, found, name)
    }
    if (this.#isMapped(request, found, name)) {
      note('tsconfig.json', 'maps it to a file, so it goes into the bundle')
      return this.#bundled(request, found, name)
    }
    note('packages', 'it stays an import')
    return this.#external(request, name)
  }

  /**
   * What `paths` of tsconfig.json makes of a name; an answer where it leads to no file and no
   * package can be meant instead, neither an installed nor a declared one.
   */
  #mapping(request: Request, found: SearchResult): Resolution | undefined {
    const { specifier, importer, note } = request
    if (found.found !== 'nothing' && note === silent) return undefined
    const tsconfig = this.#search.mappingsOf(importer)
    const mapping = tsconfig?.mapping(specifier)
    if (tsconfig === undefined || mapping === undefined) return undefined
    const { root } = this.#options
    note('paths', describeMapping(mapping, tsconfig, root))
    if (found.found !== 'nothing' || !isOfFiles(mapping)) return undefined
    const folder = folderOf(importer)
    const name = packageNameOf(specifier)
    if (name !== undefined) {
      if (this.#packages.nearest(folder)?.declared.has(name) === true) return undefined
      if (candidatesOf(specifier, folder).some((path) => existsSync(path))) return undefined
    }
    return unmetMapping(specifier, mapping, tsconfig, root)
  }

  #find(request: Request): SearchResult {
    const { specifier, importer, kind, note } = request
    const found = this.#search.source(specifier, importer, kind)
    const tsconfig = this.#search.tsconfigOf(importer)
    if (request.note !== silent) {
      const lacking = this.#search.missingBaseOf(importer)
      note('tsconfig.json', lacking ?? tsconfig ?? 'none applies')
    }
    note('search', found.found === 'file' ? `found ${found.file}` : describeSearch(found))
    return found
  }

  /** A package that is compiled in: only its source has to be admitted. */
  #bundled(request: Request, found: SearchResult, name: string): Resolution {
    if (found.found === 'builtin') return this.#builtin(found.name, request)
    if (found.found === 'file' && this.#isOwn(found.file)) return this.#ownSource(found.file, name)
    const reason = disallowed(this.#options, 'package', name)
    request.note('loading.allowedSources', reason ?? `admits "${name}"`)
    if (reason !== undefined) return { class: 'refused', reason, packageName: name }
    if (found.found === 'nothing') return this.#missing(request, describeSearch(found))
    return { class: 'source', file: found.file, packageName: name }
  }

  /** A package that Node will import; that it is missing is for Node to say. */
  #external(request: Request, name: string): Resolution {
    const { specifier, importer, kind, note } = request
    const reason =
      undeclared(this.#options, this.#packages, { specifier, importer, name }) ??
      disallowed(this.#options, 'package', name)
    note('policy', reason ?? `loading.externalPolicy and loading.allowedSources admit "${name}"`)
    if (reason !== undefined) return { class: 'refused', reason, packageName: name }
    const found = this.#search.node(specifier, importer, kind)
    note('search as Node does', describeSearch(found))
    if (found.found === 'builtin') return this.#builtin(found.name, request)
    if (found.found === 'file') {
      return { class: 'external', specifier, packageName: name, file: found.file }
    }
    const fault = this.#faultOf(specifier, importer, found.reason)
    const answer = { class: 'external', specifier, packageName: name, file: undefined } as const
    return fault === undefined ? answer : { ...answer, fault }
  }

  /** What is wrong with a package that is there and has no file for a specifier. */
  #faultOf(specifier: string, importer: string, reason: string): string | undefined {
    const folders = candidatesOf(specifier, folderOf(importer))
    const folder = folders.find((path) => existsSync(path))
    if (folder === undefined) return undefined
    if (reason !== NOTHING_INSTALLED) return reason
    const { root } = this.#options
    return `${toRelPath(root, folder)} holds no file for it, or its package.json names one that is not there`
  }

  #isOwn(file: string): boolean {
    return !isInstalled(this.#options.root, file)
  }

  /** The name is given only where the file really belongs to that package, not to a mapping. */
  #ownSource(file: string, name: string | undefined): Resolution {
    const owner = this.#packages.nearest(folderOf(file))
    if (name === undefined || owner?.name !== name) return { class: 'source', file }
    return { class: 'source', file, packageName: name }
  }

  /** True for the importer's own package and for those of its workspace, found or not. */
  #isOwnName(name: string, importer: string): boolean {
    const folder = folderOf(importer)
    if (this.#packages.workspaceFolder(name, folder) !== undefined) return true
    const owner = this.#packages.nearest(folder)
    return owner?.name === name && !isInstalled(this.#options.root, owner.folder)
  }

  /** True when `paths` of tsconfig.json led into another package than the one that is named. */
  #isMapped(request: Request, found: SearchResult, name: string): boolean {
    if (found.found !== 'file' || installedNameOf(found.file) === name) return false
    const plain = this.#search.node(request.specifier, request.importer, request.kind)
    // A package manager's alias also has another name on disk; Node then finds it, too.
    return plain.found !== 'file' || installedNameOf(plain.file) !== installedNameOf(found.file)
  }

  #missing(request: Request, reason: string): Resolution {
    return missing(request, reason, () => {
      const { workspace, installed } = this.#packages.scan()
      return [...workspace, ...installed]
    })
  }
}

/** An entry that names its file exactly needs no search, and a cached start no resolver at all. */
function exactFile({ specifier, importer, note }: Request): string | undefined {
  const path = resolve(folderOf(importer), specifier)
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFile() !== true) return undefined
    const file = realpathSync.native(path)
    note('path', `found ${file}`)
    return file
  } catch {
    // A loop of links, or a folder that may not be looked into: the search says the same.
    return undefined
  }
}

/** The note of a request that nobody wants explained. */
export function silent(): void {}

const FORMS = {
  invalid: 'no valid specifier',
  builtin: 'a builtin module of Node',
  relative: 'a relative path',
  absolute: 'an absolute path',
  'file-url': 'a file URL',
  'data-url': 'a data: URL, which Node loads by itself',
  url: 'a URL',
  'package-import': "an entry of the importing package's imports",
  bare: 'a package name',
}

function nameOfFound(found: SearchResult): string | undefined {
  return found.found === 'file' ? installedNameOf(found.file) : undefined
}

function describeSearch(found: SearchResult): string {
  if (found.found === 'nothing') return found.reason
  return found.found === 'file' ? `found ${found.file}` : `builtin ${found.name}`
}
