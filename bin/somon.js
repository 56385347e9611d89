#!/usr/bin/env node
// Runs on any Node: no static import and no syntax newer than Node 12, so that an old one gets a
// sentence instead of a SyntaxError.
'use strict'

var wanted = [24, 20]
var found = process.versions.node.split('.').map(Number)
var recent = found[0] > wanted[0] || (found[0] === wanted[0] && found[1] >= wanted[1])

if (!recent) {
  console.error(
    'somon needs Node.js ' +
      wanted.join('.') +
      ' or newer; this is ' +
      process.versions.node +
      '. Run: npx -y -p node@24 -- npx somon ' +
      process.argv.slice(2).join(' '),
  )
  process.exitCode = 1
} else {
  import('../dist/cli/main.js').then(
    function (cli) {
      return cli.main(process.argv.slice(2))
    },
    function (error) {
      console.error(error)
      process.exitCode = 70
    },
  )
}
