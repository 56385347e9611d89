import type { CommandSpec, FlagSpec } from './command-table.ts'
import { COMMANDS, GLOBAL_FLAGS } from './command-table.ts'

/** Makes the completion script of bash, zsh or fish from the command table. */
export function completionScript(shell: string): string {
  switch (shell) {
    case 'bash':
      return bash()
    case 'zsh':
      return zsh()
    case 'fish':
      return fish()
    default:
      throw new TypeError(`Cannot complete for "${shell}": expected bash, zsh or fish`)
  }
}

function flagsOf(command: CommandSpec): readonly FlagSpec[] {
  return [...command.flags, ...GLOBAL_FLAGS]
}

/** How a flag is typed; one that is on by default is only useful turned off. */
function words(flag: FlagSpec): readonly string[] {
  const long =
    flag.name === 'cache' || flag.name === 'color' ? `--no-${flag.name}` : `--${flag.name}`
  return flag.short === undefined ? [long] : [long, `-${flag.short}`]
}

/** A value follows as a word of its own, except for flags whose value is optional. */
function takesWord(flag: FlagSpec): boolean {
  return flag.kind !== 'boolean' && flag.kind !== 'optional'
}

function bash(): string {
  const names = COMMANDS.map((command) => command.name).join(' ')
  const cases = COMMANDS.map((command) => {
    const flags = flagsOf(command)
    const values = flags
      .filter((flag) => flag.choices !== undefined && takesWord(flag))
      .map((flag) => `        ${words(flag).join('|')}) words="${flag.choices?.join(' ')}" ;;`)
    const files = flags.filter((flag) => flag.choices === undefined && takesWord(flag))
    return `    ${command.name})
      words="${flags.flatMap(words).join(' ')} --help"
      operands="${command.words?.join(' ') ?? ''}"
      case "$previous" in
${values.join('\n')}
        ${files.flatMap(words).join('|')}) words="" ;;
      esac ;;`
  })
  return `# bash completion for somon; load it with: source <(somon completion bash)
_somon() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local command="" words="" operands="" word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case " ${names} " in *" $word "*) command="$word"; break ;; esac
  done
  case "$command" in
    "") words="${names} --help --version" ;;
${cases.join('\n')}
  esac
  COMPREPLY=()
  case "$command:$current" in
    :*|*:-*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;
    *)
      case "$previous" in -*) [ -n "$words" ] && operands="$words" ;; esac
      if [ -n "$operands" ]; then COMPREPLY=($(compgen -W "$operands" -- "$current")); fi ;;
  esac
  if [ -n "$command" ] && [ \${#COMPREPLY[@]} -eq 0 ] && [ "\${current#-}" = "$current" ]; then
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _somon somon
`
}

function zsh(): string {
  const commands = COMMANDS.map((command) => `    ${zshQuote(`${command.name}:${command.doc}`)}`)
  const cases = COMMANDS.map((command) => {
    const flags = flagsOf(command).flatMap((flag) => words(flag).map((word) => zshFlag(flag, word)))
    const operand =
      command.words === undefined ? `'*:file:_files'` : `'1:action:(${command.words.join(' ')})'`
    return `    ${command.name})
      _arguments ${[...flags, operand].join(' \\\n        ')} ;;`
  })
  return `#compdef somon
# zsh completion for somon; load it with: source <(somon completion zsh)
_somon() {
  local -a commands
  commands=(
${commands.join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local command="\${words[2]}"
  shift words
  (( CURRENT -= 1 ))
  case "$command" in
${cases.join('\n')}
  esac
}
compdef _somon somon
`
}

function zshFlag(flag: FlagSpec, word: string): string {
  const doc = flag.doc.replaceAll(/[[\]:]/g, '\\$&')
  const repeated = flag.kind === 'list' || flag.kind === 'map' ? '*' : ''
  if (flag.kind === 'boolean') return zshQuote(`${word}[${doc}]`)
  const choices = flag.choices === undefined ? '_files' : `(${flag.choices.join(' ')})`
  const equals = flag.kind === 'optional' ? '=-' : ''
  const colon = flag.kind === 'optional' ? '::' : ':'
  return zshQuote(`${repeated}${word}${equals}[${doc}]${colon}${flag.value ?? 'value'}:${choices}`)
}

function zshQuote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

function fish(): string {
  const lines = ['# fish completion for somon; load it with: somon completion fish | source']
  lines.push('complete -c somon -f')
  for (const command of COMMANDS) {
    lines.push(
      `complete -c somon -n __fish_use_subcommand -a ${command.name} -d ${fishQuote(command.doc)}`,
    )
  }
  for (const command of COMMANDS) {
    const when = `-n '__fish_seen_subcommand_from ${command.name}'`
    const operands = command.words === undefined ? '-F' : `-a ${fishQuote(command.words.join(' '))}`
    lines.push(`complete -c somon ${when} ${operands}`)
    for (const flag of flagsOf(command)) lines.push(`complete -c somon ${when} ${fishFlag(flag)}`)
  }
  return `${lines.join('\n')}\n`
}

function fishFlag(flag: FlagSpec): string {
  const [long = ''] = words(flag)
  const parts = [`-l ${long.slice(2)}`]
  if (flag.short !== undefined) parts.push(`-s ${flag.short}`)
  if (takesWord(flag)) parts.push('-r')
  if (flag.choices !== undefined) parts.push(`-f -a ${fishQuote(flag.choices.join(' '))}`)
  else if (takesWord(flag)) parts.push('-F')
  return [...parts, `-d ${fishQuote(flag.doc)}`].join(' ')
}

function fishQuote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}
