import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { declarationsOf, membersOf, type Declaration } from './declarations.ts'
import { block, page } from './markdown.ts'

/** The events of a system with their payloads, folder by folder. */
export async function eventsPage(root: string): Promise<string> {
  const files = await Array.fromAsync(glob('src/*/events.ts', { cwd: root }))
  const parts: string[] = [INTRODUCTION]
  for (const file of files.toSorted()) {
    const declarations = declarationsOf(await readFile(join(root, file), 'utf8'))
    const events = declarations.filter(
      ({ kind, name }) => kind === 'interface' && name.endsWith('Events'),
    )
    if (events.length === 0) continue
    parts.push(`## ${file.split('/')[1] ?? ''}`)
    parts.push(...events.flatMap(sections))
    const shared = declarations.filter((declaration) => !events.includes(declaration))
    if (shared.length > 0) parts.push(sharedTypes(shared))
  }
  return page('Events', '`src/*/events.ts`', parts)
}

const INTRODUCTION = `Subscribe with \`system.on(name, listener)\`. Listeners are called synchronously with the payload and the
name; one that throws disturbs neither the system nor the other listeners. An event that nobody listens to
costs one comparison.`

function sections(events: Declaration): string[] {
  return membersOf(events.text).map(({ name, doc, type }) =>
    [`### ${name}`, ...(doc === '' ? [] : [doc]), block('ts', `type Payload = ${type}`)].join(
      '\n\n',
    ),
  )
}

function sharedTypes(shared: readonly Declaration[]): string {
  const texts = shared.map(({ doc, text }) =>
    doc === '' ? text : `/** ${doc.replaceAll('\n', ' ')} */\n${text}`,
  )
  return `Types that these payloads share:\n\n${block('ts', texts.join('\n\n'))}`
}
