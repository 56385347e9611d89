import { crypto } from '../base/crypto.ts'
import type { RelPath } from '../base/project-path.ts'
import { ANALYZE_SCRIPT, ANALYZE_STYLE } from './analyze-script.ts'
import type { BundleMetafile } from './output.ts'
import type { TreemapBox } from './treemap.ts'
import { layoutTreemap } from './treemap.ts'
import type { WhyStep } from './why-included.ts'
import { whyIncluded } from './why-included.ts'

/** What the page's script gets. */
interface PageData {
  readonly outputs: readonly {
    readonly path: RelPath
    readonly bytes: number
    readonly entry: RelPath | null
    readonly box: TreemapBox
  }[]
  readonly modules: Readonly<
    Record<
      RelPath,
      {
        readonly bytes: number
        readonly importers: readonly { readonly path: RelPath; readonly kind: string }[]
        readonly why: readonly WhyStep[]
      }
    >
  >
}

/**
 * Makes one HTML page that shows how many bytes of each output came from which module, and why
 * the module is there.
 *
 * The page is whole in itself: its policy forbids every request, and its own style and script are
 * the only ones that run.
 *
 * @param title - shown as heading; the names of the entries
 */
export function analyzePage(metafile: BundleMetafile, title: string): string {
  // A closing tag or comment inside the data would end the element.
  const data = JSON.stringify(pageData(metafile)).replaceAll('<', '\\u003c')
  const policy =
    `default-src 'none'; style-src '${sourceHash(ANALYZE_STYLE)}'; ` +
    `script-src '${sourceHash(ANALYZE_SCRIPT)}'; base-uri 'none'; form-action 'none'`
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} – what is in the bundle</title>
<style>${ANALYZE_STYLE}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p id="total"></p>
<label>Output <select id="output"></select></label>
<label>Find <input id="find" type="search" placeholder="part of a path"></label>
</header>
<nav id="crumbs" aria-label="Folder"></nav>
<main id="map" role="group" aria-label="Treemap: arrow keys move, Enter opens, Escape goes up"></main>
<section id="detail" aria-live="polite" aria-label="Module"></section>
<section><h2>Largest modules</h2><ol id="largest"></ol></section>
<noscript>This page needs scripts to draw the map.</noscript>
<script type="application/json" id="data">${data}</script>
<script>${ANALYZE_SCRIPT}</script>
</body>
</html>
`
}

function pageData(metafile: BundleMetafile): PageData {
  const described = Object.entries(metafile.outputs).filter(
    ([, output]) => Object.keys(output.inputs).length > 0,
  )
  const entries = described.flatMap(([, { entryPoint }]) => entryPoint ?? [])
  const why = whyIncluded(metafile, entries)
  const importers = importersOf(metafile)
  return {
    outputs: described.map(([path, output]) => ({
      path,
      bytes: output.bytes,
      entry: output.entryPoint ?? null,
      box: layoutTreemap(
        new Map(Object.entries(output.inputs).map(([name, input]) => [name, input.bytesInOutput])),
      ),
    })),
    modules: Object.fromEntries(
      Object.entries(metafile.inputs).map(([path, input]) => [
        path,
        { bytes: input.bytes, importers: importers.get(path) ?? [], why: why.get(path) ?? [] },
      ]),
    ),
  }
}

function importersOf(
  metafile: BundleMetafile,
): ReadonlyMap<RelPath, readonly { readonly path: RelPath; readonly kind: string }[]> {
  const importers = new Map<RelPath, { path: RelPath; kind: string }[]>()
  for (const [path, { imports }] of Object.entries(metafile.inputs)) {
    for (const { path: target, kind, external } of imports) {
      if (external) continue
      const known = importers.get(target) ?? []
      if (!known.some((item) => item.path === path)) known.push({ path, kind })
      importers.set(target, known)
    }
  }
  return importers
}

/** https://www.w3.org/TR/CSP3/#grammardef-hash-source */
function sourceHash(text: string): string {
  return `sha256-${crypto().createHash('sha256').update(text).digest('base64')}`
}

function escapeHtml(text: string): string {
  const names: Readonly<Record<string, string>> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  }
  return text.replaceAll(/[&<>"]/g, (character) => names[character] ?? character)
}
