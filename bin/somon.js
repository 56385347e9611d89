#!/usr/bin/env node
// Runs on any Node: no static import and no syntax newer than Node 12, so that an old one gets a
// sentence instead of a SyntaxError.
'use strict'

// test/base/version.test.ts holds it to package.json.
var version = '0.1.0'
var wanted = [24, 20]
var found = process.versions.node.split('.').map(Number)
var recent = found[0] > wanted[0] || (found[0] === wanted[0] && found[1] >= wanted[1])
var words = process.argv.slice(2)

function fail(error) {
  console.error(error)
  process.exitCode = 70
}

if (!recent) {
  console.error(
    'somon needs Node.js ' +
      wanted.join('.') +
      ' or newer; this is ' +
      process.versions.node +
      '. Run: npx -y -p node@24 -- npx somon ' +
      words.map(quoted).join(' '),
  )
  process.exitCode = 2
} else if (words.length === 1 && (words[0] === '--version' || words[0] === '-v')) {
  // Asked by scripts and prompts all day: answered before anything is read.
  process.stdout.write(version + '\n')
} else if (words[0] === 'bundle') {
  // One file for plain bundles; what it does not take on goes the usual way.
  new Promise(function (resolve) {
    keepCompiled()
    resolve(require('../dist/cli/quick.cjs').quickMain(words))
  })
    .then(function (done) {
      return done || run()
    })
    .catch(fail)
} else {
  run().catch(fail)
}

/** Writes an argument so that a shell reads it as the same one. */
function quoted(word) {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : "'" + word.replace(/'/g, "'\\''") + "'"
}

function run() {
  keepCompiled()
  return import('../dist/cli/main.js').then(function (cli) {
    return cli.main(words)
  })
}

/** Node keeps what it compiled of somon and of external packages: a tenth of the time of a start. */
function keepCompiled() {
  if (words.indexOf('--no-cache') >= 0) return
  process.getBuiltinModule('module').enableCompileCache({ directory: compileCache() })
}

/** Below the user's own cache folder, never a temporary one that others can write to. */
function compileCache() {
  var path = process.getBuiltinModule('path')
  var base = process.env.XDG_CACHE_HOME
  if (!base || !path.isAbsolute(base)) {
    base = path.join(process.getBuiltinModule('os').homedir(), '.cache')
  }
  return path.join(base, 'somon', 'node')
}
