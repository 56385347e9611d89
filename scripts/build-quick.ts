import { join } from 'node:path'
import { build } from 'esbuild'

/**
 * Makes `dist/cli/quick.cjs`, the one file that `bin/somon.js` runs for plain bundles.
 *
 * CommonJS, because importing Node's own modules as ES modules reads all their exports, which
 * costs 6 ms of CPU (measured); what only other commands reach is left outside.
 */
const cli = join(import.meta.dirname, '../dist/cli')

await build({
  entryPoints: [join(cli, 'quick-main.js')],
  outfile: join(cli, 'quick.cjs'),
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node24',
  define: { 'import.meta.url': '__filename' },
  external: [
    './open-project.js',
    '../bundle/analyze-page.js',
    '../../bundle/analyze-page.js',
    '../watch-bundle.js',
    '../system/output-defaults.js',
    './project-cache.js',
  ],
  logLevel: 'warning',
})
