/** One place where a project shows something else than the same sources run by Node. */
export interface Deviation {
  readonly project: string
  /** Where in the observation, as keys joined by dots. */
  readonly at: string
  readonly node: unknown
  readonly somon: unknown
  /** Why it is so; the published form stands in docs/guide/loading.md under "Differences". */
  readonly because: string
}

const linked = 'the modules of one artifact are linked by the bundler, whose variables are `var`'
const anonymous = 'the bundler gives an anonymous default export a variable, and so a name'
const namespaceObject = 'an inner namespace is an ordinary object of the bundler'
const sequential = 'modules of one artifact that await are evaluated one after the other'
const jsonNames = 'the bundler names the keys of a JSON file beside its default'

/** Every known deviation. The list may shrink; `MOST` shrinks with it. */
export const deviations: readonly Deviation[] = [
  {
    project: 'attributes-json',
    at: 'observed.keys',
    node: ['default'],
    somon: ['default', 'list', 'not-a-name', '__proto__'],
    because: jsonNames,
  },
  {
    project: 'bindings-default',
    at: 'exports.default',
    node: '[function default]',
    somon: '[function main_default]',
    because: anonymous,
  },
  {
    project: 'bindings-default',
    at: 'observed.anonymous.1',
    node: 'default',
    somon: 'anonymous_default',
    because: anonymous,
  },
  {
    project: 'bindings-mutable-package',
    at: 'observed.named',
    node: 1,
    somon: 0,
    because: 'a name imported from a package is read once, when the generation is bound',
  },
  {
    project: 'bindings-namespace',
    at: 'observed.tag',
    node: '[object Module]',
    somon: '[object Object]',
    because: namespaceObject,
  },
  {
    project: 'bindings-namespace',
    at: 'observed.prototype',
    node: null,
    somon: {},
    because: namespaceObject,
  },
  {
    project: 'bindings-namespace',
    at: 'observed.extensible',
    node: false,
    somon: true,
    because: namespaceObject,
  },
  {
    project: 'bindings-namespace',
    at: 'observed.added',
    node: false,
    somon: true,
    because: namespaceObject,
  },
  {
    project: 'cycle-dead-zone',
    at: 'observed',
    node: 'ReferenceError',
    somon: 'undefined',
    because: linked,
  },
  {
    project: 'evaluation-order',
    at: 'observed.1',
    node: 'package false',
    somon: 'package true',
    because: 'packages are imported before the first source of the artifact runs',
  },
  {
    project: 'meta-commonjs',
    at: 'observed.strict',
    node: false,
    somon: true,
    because: 'an artifact is one strict function, the CommonJS sources in it too',
  },
  {
    project: 'module-scope',
    at: 'observed.commonJs.0',
    node: 'undefined',
    somon: 'function',
    because: 'CommonJS sources of an artifact need `require`, so its ES modules see it as well',
  },
  {
    project: 'tla-sibling-order',
    at: 'exports.order',
    node: ['slow begins', 'fast begins', 'sync', 'fast ends', 'slow ends', 'main'],
    somon: ['slow begins', 'slow ends', 'fast begins', 'fast ends', 'sync', 'main'],
    because: sequential,
  },
]

/** How many deviations there may be; lower it whenever one goes. */
export const MOST = 13
