import { join, sep } from 'node:path'
import type { SomonError } from '../base/error.ts'
import { failureOf } from '../resolve/failure.ts'
import { missing } from '../resolve/missing.ts'
import { whyNoFile } from '../resolve/no-file.ts'
import { bundleOptionInvalid } from './errors.ts'
import type { OutputBuild } from './output-build.ts'

/** What there is to know of a message, in the form of the service and of the program's log. */
interface Message {
  readonly text: string
  readonly location: { readonly file: string } | null
  readonly notes?: readonly { readonly text: string }[]
}

/** Makes the error of a message that is about no source: about an entry or an option. */
export function knownFault(build: OutputBuild, message: Message): SomonError | undefined {
  return entryFault(build, message) ?? optionFault(message)
}

/** An entry that leads nowhere is told as `run` and `check` tell it. */
function entryFault(
  { root, entries }: OutputBuild,
  { text, location }: Message,
): SomonError | undefined {
  const named = /^Could not resolve "(.*)"$/.exec(text)?.[1]
  if (named === undefined || location !== null || !entries.includes(named)) return undefined
  const specifier = named.replace(/^\.\//, '')
  const importer = root + sep
  const reason = whyNoFile(join(root, specifier))
  const resolution = missing({ specifier, importer, kind: 'entry' }, reason, () => [])
  return failureOf(resolution, { specifier, importer, root })
}

/** Makes the error of a message about an option; esbuild 0.28.2 has texts for them and no ids. */
export function optionFault({ text, location, notes = [] }: Message): SomonError | undefined {
  const found = OPTION_TEXTS.find(([pattern]) => pattern.test(text))?.[1]
  const option = location === null ? found : PSEUDO_FILES[location.file]
  if (option === undefined) return undefined
  const reason = [text, ...notes.map((note) => note.text)].map(lowered).join('; ')
  return bundleOptionInvalid({ option, reason: reason.replace(/\.$/, '') })
}

const OPTION_TEXTS: readonly (readonly [pattern: RegExp, option: string])[] = [
  [/^Invalid define value /, 'define'],
  [/^Invalid target "/, 'target'],
  [/^Invalid (?:loader value|file extension): /, 'loader'],
  [/^Cannot find tsconfig file /, 'tsconfig'],
  [/^Invalid alias name: /, 'alias'],
  [/^External path ".*" cannot have more than one /, 'external'],
  [/^Splitting currently only works with /, 'splitting'],
  [/^Must use "outdir" when there are multiple input files/, 'outfile'],
]

const PSEUDO_FILES: Readonly<Record<string, string>> = { '(define name)': 'define' }

/** A text of esbuild as it stands after a colon. */
export function lowered(text: string): string {
  return text.replace(/^[A-Z](?=[a-z])/, (first) => first.toLowerCase())
}
